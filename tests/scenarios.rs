//! Every scenario of `tests/scenarios`, proven on a real control plane: that the diagnosis names the cause, that the API
//! server agrees with it, and that the printed commands heal.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Error, Result};
use libtest_mimic::{Arguments, Failed, Trial, run};
use testcluster::{Cluster, Inside, Scenario, enter};

fn main() -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // One cluster for all, which each scenario breaks in its own way.
    arguments.test_threads = Some(1);

    let scenarios = Scenario::all()?;
    let skipped = testcluster::skipped();
    let wanted = scenarios
        .iter()
        .any(|scenario| selects(&arguments, &scenario.name));
    let cluster = if wanted && !skipped && !arguments.list {
        Shared::new(State::Startable(enter()?))
    } else {
        Shared::new(State::Unavailable("nothing was to be run"))
    };
    let trials = scenarios
        .into_iter()
        .map(|scenario| {
            let cluster = cluster.clone();
            let name = scenario.name.clone();
            Trial::test(name, move || cluster.prove(&scenario)).with_ignored_flag(skipped)
        })
        .collect();
    Ok(run(&arguments, trials).exit_code())
}

/// Whether a test of this name runs.
fn selects(arguments: &Arguments, name: &str) -> bool {
    let matches = |pattern: &String| {
        if arguments.exact {
            name == pattern
        } else {
            name.contains(pattern)
        }
    };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

/// The cluster of all scenarios, started by the first one.
#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

enum State {
    Startable(Inside),
    Running(Box<Cluster>),
    Unavailable(&'static str),
}

impl Shared {
    fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    fn prove(&self, scenario: &Scenario) -> Result<(), Failed> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Startable(inside) = &*state {
            let started = Cluster::start(inside);
            *state = State::Unavailable("the cluster did not start");
            *state = State::Running(Box::new(started.map_err(failed)?));
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_injdoctor"));
        match &mut *state {
            State::Running(cluster) => testcluster::run(cluster, scenario, binary).map_err(failed),
            State::Unavailable(reason) => Err((*reason).into()),
            State::Startable(_) => Ok(()),
        }
    }
}

/// All reasons, the outermost first, without a backtrace.
fn failed(error: Error) -> Failed {
    format!("{error:#}").into()
}
