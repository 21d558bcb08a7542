//! The frame of a test program that proves things on clusters: a cluster for each lane of proofs, each proof a test of
//! its own to `cargo test`.

use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Error, Result, anyhow};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::network::{Inside, enter};
use crate::pods;
use crate::scenario::Pods;
use crate::{skipped, tell};

/// Set where nothing may be left out, whatever the machine lacks.
const CI_VARIABLE: &str = "CI";

/// A test that needs what a cluster is opened as.
pub struct Proof<T> {
    name: String,
    run: Run<T>,
    lane: u8,
    pods: Option<Pods>,
}

type Run<T> = Box<dyn FnOnce(&mut T) -> Result<()> + Send>;

impl<T> Proof<T> {
    /// A proof by its name.
    pub fn new(
        name: impl Into<String>,
        run: impl FnOnce(&mut T) -> Result<()> + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
            lane: 0,
            pods: None,
        }
    }

    /// Says how pods run in it, if they do: it is left out where they cannot.
    #[must_use]
    pub fn running_pods(mut self, pods: Option<Pods>) -> Self {
        self.pods = pods;
        self
    }

    /// Says in which lane it runs: the first, unless this says otherwise.
    #[must_use]
    pub fn in_lane(mut self, lane: u8) -> Self {
        self.lane = lane;
        self
    }

    /// Whether it runs.
    fn is_selected(&self, arguments: &Arguments) -> bool {
        let matches = |pattern: &String| match arguments.exact {
            true => self.name == *pattern,
            false => self.name.contains(pattern.as_str()),
        };
        arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
    }
}

/// Runs the proofs that the command line selects: those of a lane in their order on one cluster, and all lanes at once.
/// Call it first thing in `main`.
pub fn prove<T: 'static>(
    proofs: Vec<Proof<T>>,
    open: fn(&Inside) -> Result<T>,
) -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // The lanes run by themselves; here is only waited for them, and told what they say.
    arguments.test_threads = Some(1);

    let wanted = proofs.iter().any(|proof| proof.is_selected(&arguments));
    let inside = match wanted && !skipped() && !arguments.list {
        true => Some(enter()?),
        false => None,
    };
    let may_lack = inside.is_some() && env::var_os(CI_VARIABLE).is_none();
    let mut lacks = BTreeMap::<String, Vec<String>>::new();
    let mut lanes: BTreeMap<u8, Vec<Job<T>>> = BTreeMap::new();
    let mut trials = Vec::new();
    for proof in proofs {
        let is_selected = proof.is_selected(&arguments);
        let pods = proof.pods.as_ref().filter(|_| may_lack && is_selected);
        let lacking = pods.and_then(pods::lacks);
        if let Some(lacking) = lacking {
            let names = lacks.entry(lacking.to_owned()).or_default();
            names.push(proof.name.clone());
        }
        let left_out = inside.is_none() || lacking.is_some();
        let (answer, outcome) = mpsc::channel();
        if !left_out && is_selected {
            let lane = lanes.entry(proof.lane).or_default();
            lane.push((proof.run, answer));
        }
        let trial = Trial::test(proof.name, move || {
            let outcome = outcome.recv().map_err(|_| "it panicked")?;
            outcome.map_err(failed)
        });
        trials.push(trial.with_ignored_flag(left_out));
    }
    for (lacking, names) in lacks {
        let names = names.join(", ");
        tell(&format!(
            "left out, as pods run in them and this machine lacks {lacking}: {names}"
        ));
    }
    for lane in lanes.into_values() {
        let inside = inside.clone();
        thread::spawn(move || inside.map(|inside| run(lane, open(&inside))));
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// A proof to run, and who waits for its outcome.
type Job<T> = (Run<T>, Sender<Result<()>>);

/// Runs the proofs of a lane on its cluster.
fn run<T>(lane: Vec<Job<T>>, opened: Result<T>) {
    let mut cluster = opened.map_err(|error| format!("{error:#}"));
    for (proof, answer) in lane {
        let outcome = match &mut cluster {
            Ok(cluster) => catch_unwind(AssertUnwindSafe(|| proof(cluster))),
            Err(error) => Ok(Err(anyhow!("the cluster did not start: {error}"))),
        };
        // Of a proof that panicked comes no answer, and the next one has the cluster as it is.
        if let Ok(outcome) = outcome {
            // Nobody waits any more where the run was ended.
            answer.send(outcome).ok();
        }
    }
}

/// All reasons, the outermost first, without a backtrace.
fn failed(error: Error) -> Failed {
    format!("{error:#}").into()
}
