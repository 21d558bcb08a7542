//! The facts, the decision procedure and the checks of injdoctor.
//!
//! Everything in this crate is pure: no client, no clock, no environment, no files, no printing.
//! Data goes one way: [`facts`] are collected elsewhere, [`decide`] works out what the API server and
//! istiod will do, each check compares that with what somebody wants, and a [`report::Diagnosis`]
//! comes out for others to render.
//!
//! The checks stand in one folder for each stage of a pod's way: [`called`], [`reached`],
//! [`wanted`], [`rendered`]; [`mesh`] has those that concern no single pod.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )
)]

pub mod check;
pub mod decide;
mod engine;
pub mod eval;
mod evidence;
pub mod facts;
mod heal;
pub mod report;

mod called;
mod mesh;
mod reached;
mod rendered;
mod wanted;

pub use engine::diagnose;

use check::Check;

/// Every check, in the order of the pod's way and, within a stage, of their codes.
pub fn registry() -> impl Iterator<Item = &'static Check> {
    let stages = [
        mesh::TOPICS,
        called::TOPICS,
        reached::TOPICS,
        wanted::TOPICS,
        rendered::TOPICS,
    ];
    stages
        .into_iter()
        .flatten()
        .flat_map(|topic| topic.iter())
        .copied()
}
