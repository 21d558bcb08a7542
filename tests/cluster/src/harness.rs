//! The frame of a test program that proves things on clusters: one for each of its threads, started by the first proof
//! that runs there, each proof a test of its own to `cargo test`.

use std::collections::HashMap;
use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use anyhow::{Error, Result, anyhow};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::network::{Inside, enter};
use crate::pods;
use crate::{skipped, tell};

/// Set where nothing may be left out, whatever the machine lacks.
const CI_VARIABLE: &str = "CI";

/// A test that needs what a cluster is opened as.
pub struct Proof<T> {
    name: String,
    run: Run<T>,
    runs_pods: bool,
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
            runs_pods: false,
        }
    }

    /// Says whether pods run in it: it is left out where they cannot.
    #[must_use]
    pub fn running_pods(mut self, runs_pods: bool) -> Self {
        self.runs_pods = runs_pods;
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

/// Runs the proofs as the command line selects them: in their order on one cluster, or each on whichever of several is
/// free. Call it first thing in `main`.
pub fn prove<T: Send + 'static>(
    clusters: usize,
    proofs: Vec<Proof<T>>,
    open: fn(&Inside) -> Result<T>,
) -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // A proof changes the cluster in its own way, and so has it for itself.
    let threads = arguments.test_threads.unwrap_or(clusters);
    arguments.test_threads = Some(threads.min(clusters));

    let wanted = proofs.iter().any(|proof| proof.is_selected(&arguments));
    let inside = match wanted && !skipped() && !arguments.list {
        true => Some(enter()?),
        false => None,
    };
    let lacking = inside
        .as_ref()
        .and_then(|_| pods::lacks())
        .filter(|_| env::var_os(CI_VARIABLE).is_none());
    if let Some(lacking) = lacking
        && proofs
            .iter()
            .any(|proof| proof.runs_pods && proof.is_selected(&arguments))
    {
        tell(&format!(
            "left out are the tests in which pods run: this machine lacks {lacking}"
        ));
    }
    let opened = Arc::new(Opened {
        inside,
        open,
        clusters: Mutex::default(),
    });
    let trials = proofs.into_iter().map(|proof| {
        let opened = Arc::clone(&opened);
        let run = move || opened.run(proof.run).map_err(failed);
        let left_out = skipped() || (proof.runs_pods && lacking.is_some());
        Trial::test(proof.name, run).with_ignored_flag(left_out)
    });
    let trials = trials.collect();
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// The clusters that were opened, each in the network of its thread.
struct Opened<T> {
    inside: Option<Inside>,
    open: fn(&Inside) -> Result<T>,
    clusters: Mutex<HashMap<ThreadId, Arc<Mutex<State<T>>>>>,
}

/// What became of a cluster.
enum State<T> {
    Startable,
    Open(Box<T>),
    Failed,
}

impl<T> Opened<T> {
    fn run(&self, proof: Run<T>) -> Result<()> {
        let mut clusters = lock(&self.clusters);
        let ours = clusters
            .entry(thread::current().id())
            .or_insert_with(|| Arc::new(Mutex::new(State::Startable)));
        let ours = Arc::clone(ours);
        drop(clusters);

        let mut state = lock(&ours);
        if let (State::Startable, Some(inside)) = (&*state, &self.inside) {
            *state = State::Failed;
            *state = State::Open(Box::new((self.open)(inside)?));
        }
        match &mut *state {
            State::Open(cluster) => proof(cluster),
            _ => Err(anyhow!("the cluster did not start")),
        }
    }
}

/// A proof that panicked leaves the cluster to the next one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All reasons, the outermost first, without a backtrace.
fn failed(error: Error) -> Failed {
    format!("{error:#}").into()
}
