//! The frame of a test program that proves things on a cluster: one cluster for all proofs, started by the first that
//! runs, each proof a test of its own to `cargo test`.

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

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

/// Runs the proofs in their order, as the command line selects them. Call it first thing in `main`.
pub fn prove<T: Send + 'static>(
    proofs: Vec<Proof<T>>,
    open: fn(&Inside) -> Result<T>,
) -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // One cluster for all, which each proof changes in its own way.
    arguments.test_threads = Some(1);

    let wanted = proofs.iter().any(|proof| proof.is_selected(&arguments));
    let state = if wanted && !skipped() && !arguments.list {
        State::Startable(enter()?)
    } else {
        State::Unavailable
    };
    let lacking = match state {
        State::Startable(_) => pods::lacks().filter(|_| env::var_os(CI_VARIABLE).is_none()),
        _ => None,
    };
    if let Some(lacking) = lacking
        && proofs
            .iter()
            .any(|proof| proof.runs_pods && proof.is_selected(&arguments))
    {
        tell(&format!(
            "left out are the tests in which pods run: this machine lacks {lacking}"
        ));
    }
    let state = Arc::new(Mutex::new(state));
    let trials = proofs.into_iter().map(|proof| {
        let state = Arc::clone(&state);
        let run = move || {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let opened = state.open(open).map_err(failed)?;
            (proof.run)(opened).map_err(failed)
        };
        let left_out = skipped() || (proof.runs_pods && lacking.is_some());
        Trial::test(proof.name, run).with_ignored_flag(left_out)
    });
    let trials = trials.collect();
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

enum State<T> {
    Startable(Inside),
    Open(Box<T>),
    Unavailable,
}

impl<T> State<T> {
    fn open(&mut self, open: fn(&Inside) -> Result<T>) -> Result<&mut T> {
        if let Self::Startable(inside) = &*self {
            let opened = open(inside);
            *self = Self::Unavailable;
            *self = Self::Open(Box::new(opened?));
        }
        match self {
            Self::Open(opened) => Ok(opened),
            _ => Err(anyhow!("the cluster did not start")),
        }
    }
}

/// All reasons, the outermost first, without a backtrace.
fn failed(error: Error) -> Failed {
    format!("{error:#}").into()
}
