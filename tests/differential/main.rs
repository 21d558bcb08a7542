//! The decision procedure against the real thing: random pods in random worlds, each put before injdoctor and before the
//! API server, whose dry run is the truth. A disagreement is printed as the smallest case that still shows it, to be kept
//! in `tests/differential/cases`.
//!
//! `INJDOCTOR_CASES=20000 INJDOCTOR_SEED=7 cargo test --test differential` tries more, or others; `INJDOCTOR_WORLD=32`
//! begins with the world in which one of them was found.

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

use anyhow::Result;
use testcluster::{Cluster, Proof, only_reads, prove};

use cases::Case;
use generate::NAMESPACES;
use lab::Lab;

fn main() -> Result<ExitCode> {
    let cases = Case::all()?.into_iter();
    let mut proofs: Vec<_> = cases
        .map(|case| Proof::new(format!("case/{}", case.name), move |lab| case.replay(lab)))
        .collect();
    proofs.push(Proof::new("random", random::run));
    proofs.push(Proof::new("audit", |lab: &mut Lab| {
        only_reads(&lab.cluster, "injdoctor/")
    }));
    prove(proofs, |inside| {
        Lab::open(Cluster::start(inside)?, &NAMESPACES)
    })
}
