//! An answer is what was asked, or it is none: a proxy between injdoctor and the API server puts one fault into the answer
//! to one read, and injdoctor has to say the same as without it, or less with the reason, or nothing at all.
//!
//! The test run tries a sample; `INJDOCTOR_FAULTS=all cargo test --test faults` puts every fault into every read of every
//! command, and takes an hour. `INJDOCTOR_FAULTS=200 INJDOCTOR_SEED=7` tries so many for each command, or others.

mod commands;
mod judge;
mod lab;
mod report;
mod run;
mod said;
mod sample;
mod trial;
mod view;
mod world;

use std::process::ExitCode;

use anyhow::Result;
use testcluster::{Proof, only_reads, prove};

use commands::COMMANDS;
use lab::Lab;
use world::WORLDS;

fn main() -> Result<ExitCode> {
    let trials = WORLDS
        .iter()
        .flat_map(|world| COMMANDS.iter().map(move |command| (world, command)));
    let mut proofs: Vec<_> = (0..)
        .zip(trials)
        .map(|(number, (world, command))| {
            let name = format!("{}/{}", world.name, command.name);
            Proof::new(name, move |lab| trial::run(lab, world, command, number))
        })
        .collect();
    proofs.push(Proof::new(
        "every fault befalls something",
        Lab::is_complete,
    ));
    proofs.push(Proof::new("audit", |lab: &mut Lab| {
        only_reads(&lab.cluster, "injdoctor/")
    }));
    prove(proofs, Lab::open)
}
