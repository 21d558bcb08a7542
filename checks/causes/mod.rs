//! The causes: a file for each check, with what it finds, how it explains that, and what fixes it.
//!
//! They stand in one folder for each stage of a pod's way: [`called`], [`reached`], [`wanted`],
//! [`rendered`], [`admitted`], [`running`]; [`mesh`] has those that concern no single pod. [`catalogue`] has beside them the causes
//! that a page describes and no check finds yet.

use std::sync::LazyLock;

mod admitted;
mod called;
mod catalogue;
mod declare;
mod described;
pub(crate) mod fields;
mod istiod_log;
mod mesh;
mod opposed;
mod policy_words;
mod rank;
mod reached;
pub(crate) mod refused;
pub(crate) mod rendered;
mod running;
mod static_pods;
mod told_refusal;
mod wanted;

pub use catalogue::{Cause, catalogue};
pub(crate) use declare::declare_check;
pub use declare::{About, Check, Verdict};
pub use described::Described;
pub use rank::Rank;

/// Every check, in the order of the pod's way and, within a stage, of their codes.
pub fn registry() -> impl Iterator<Item = &'static Check> {
    static CHECKS: LazyLock<Vec<&'static Check>> = LazyLock::new(|| {
        let stages = [
            mesh::TOPICS,
            called::TOPICS,
            reached::TOPICS,
            wanted::TOPICS,
            rendered::TOPICS,
            admitted::TOPICS,
            running::TOPICS,
        ];
        let topics = stages.into_iter().flatten();
        let mut checks: Vec<_> = topics.flat_map(|topic| topic.iter()).copied().collect();
        checks.sort_by_key(|check| (check.stage, check.code));
        checks
    });
    CHECKS.iter().copied()
}
