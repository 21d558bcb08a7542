//! The decision procedure against the real thing: random pods in random worlds, each put before injdoctor and before the
//! API server, whose dry run is the truth. A disagreement is printed as the smallest case that still shows it, to be kept
//! in `tests/differential/cases`.
//!
//! `INJDOCTOR_CASES=20000 INJDOCTOR_SEED=7 cargo test --test differential` tries more, or others.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and says how it went; indexing JSON never panics"
)]

mod cases;
mod generate;
mod judge;
mod lab;
mod random;
mod shrink;
mod tally;
mod unknowns;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Error, Result};
use libtest_mimic::{Arguments, Failed, Trial};
use testcluster::{Cluster, Inside, enter, skipped};

use cases::Case;
use generate::NAMESPACES;
use lab::Lab;

fn main() -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // One cluster for all, which each trial brings into its own worlds.
    arguments.test_threads = Some(1);
    let lab = if skipped() || arguments.list {
        Shared::default()
    } else {
        Shared::startable(enter()?)
    };

    let mut trials = Vec::new();
    for case in Case::all()? {
        let lab = lab.clone();
        let name = format!("case/{}", case.name);
        trials.push(Trial::test(name, move || lab.with(|lab| case.replay(lab))));
    }
    trials.push(Trial::test("random", move || lab.with(random::run)));
    let trials = trials
        .into_iter()
        .map(|trial| trial.with_ignored_flag(skipped()))
        .collect();
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// The lab of all trials, opened by the first one.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Unavailable,
    Startable(Inside),
    Open(Box<Lab>),
}

impl Shared {
    fn startable(inside: Inside) -> Self {
        Self(Arc::new(Mutex::new(State::Startable(inside))))
    }

    fn with(&self, trial: impl FnOnce(&mut Lab) -> Result<()>) -> Result<(), Failed> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Startable(inside) = std::mem::take(&mut *state) {
            let lab = Cluster::start(&inside).and_then(|cluster| Lab::open(cluster, &NAMESPACES));
            *state = State::Open(Box::new(lab.map_err(failed)?));
        }
        match &mut *state {
            State::Open(lab) => trial(lab).map_err(failed),
            _ => Err("the cluster did not start".into()),
        }
    }
}

/// All reasons, the outermost first, without a backtrace.
fn failed(error: Error) -> Failed {
    format!("{error:#}").into()
}
