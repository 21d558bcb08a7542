//! The causes: a file for each check, with what it finds, how it explains that, and what fixes it.
//!
//! They stand in one folder for each stage of a pod's way: [`called`], [`reached`], [`wanted`],
//! [`rendered`]; [`mesh`] has those that concern no single pod.

mod called;
mod declare;
pub(crate) mod fields;
mod mesh;
mod reached;
mod rendered;
mod wanted;

pub(crate) use declare::declare_check;
pub use declare::{About, Check, Verdict};

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
