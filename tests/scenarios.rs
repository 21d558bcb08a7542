//! Every scenario of `tests/scenarios`, proven on a real control plane: that the diagnosis names the cause, that the API
//! server agrees with it, and that the printed commands heal.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use testcluster::{Cluster, Proof, Scenario, only_reads, prove};

/// More of them take two cores' time from what is proven, and change what it says.
const CLUSTERS: usize = 1;

fn main() -> Result<ExitCode> {
    let scenarios = Scenario::all()?.into_iter();
    prove(CLUSTERS, scenarios.map(proof).collect(), Cluster::start)
}

fn proof(scenario: Scenario) -> Proof<Cluster> {
    let binary = Path::new(env!("CARGO_BIN_EXE_injdoctor"));
    let runs_pods = scenario.pods.is_some();
    let proof = Proof::new(scenario.name.clone(), move |cluster| {
        testcluster::run(cluster, &scenario, binary)?;
        only_reads(cluster, "injdoctor/")
    });
    proof.running_pods(runs_pods)
}
