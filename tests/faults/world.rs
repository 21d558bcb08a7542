//! The worlds in which the commands are disturbed.

use anyhow::{Context, Result, ensure};
use testcluster::{Answer, Cluster, Scenario, Step, set_up, wait_for};

/// A state of the cluster.
pub struct World {
    /// Its name in the test's.
    pub name: &'static str,
    /// The scenario that it is, with more workloads.
    scenario: &'static str,
}

/// A wrong answer is told from the right one where all is well, and where nothing is.
pub const WORLDS: [World; 2] = [
    World {
        name: "healthy",
        scenario: "healthy/namespace-label",
    },
    World {
        name: "rejected",
        scenario: "reached/istiod-no-endpoints",
    },
];

/// One workload of each kind, so that each that is lost is missed.
const WORKLOADS: &str = include_str!("workloads.yaml");

/// How many pods they have together with the Deployment `reviews`.
const PODS: usize = 5;

/// What counts the pods that are ready, of each kind that does.
const READY: [&str; 3] = [
    "statefulset db -o jsonpath={.status.readyReplicas}",
    "daemonset agent -o jsonpath={.status.numberReady}",
    "job import -o jsonpath={.status.ready}",
];

impl World {
    /// Brings a cluster that is as installed into this state.
    pub fn set_up(&self, cluster: &mut Cluster) -> Result<()> {
        let mut scenario = Scenario::named(self.scenario)?;
        scenario.given.push(Step::Apply(WORKLOADS.to_owned()));
        let running = "kubectl -n shop get pods --field-selector status.phase=Running -o name";
        let all_run = format!("test $({running} | wc -l) = {PODS}");
        scenario.given.push(Step::WaitFor(all_run));
        // The pods of a workload are read as long as its status says that they are not ready.
        for ready in READY {
            let count = format!("kubectl -n shop get {ready}");
            scenario
                .given
                .push(Step::WaitFor(format!("test $({count}) = 1")));
        }
        set_up(cluster, &scenario)?;
        // What is seen of the pods is the last to come.
        let observed = scenario.expect.observed;
        let observed = observed.context("a scenario that says what is observed")?;
        wait_for("the pods of the scenario", || {
            let check = ["check", "deploy/reviews", "-n", "shop", "-o", "json"];
            let output = cluster
                .command(env!("CARGO_BIN_EXE_injdoctor"))
                .args(check)
                .output()?;
            let exit = output.status.code().unwrap_or(-1);
            let answer = Answer::read(&output.stdout, exit)?;
            ensure!(
                answer.observed() == format!("{observed:?}"),
                "the pods are not {observed:?} yet:\n{answer}"
            );
            ensure!(exit == scenario.expect.exit, "the exit code is {exit}");
            Ok(())
        })
    }
}
