//! The facts, the decision procedure and the checks of injdoctor.
//!
//! Everything in this crate is pure: no client, no clock, no environment, no files, no printing.
//! Data goes one way, and each room knows only those before it:
//!
//! 1. [`facts`]: what was asked of the cluster, and what came of it; [`rules`] of Kubernetes, Istio and
//!    Go in themselves; [`texts`], what the words of an error say.
//! 2. [`way`]: what the API server and istiod do with the pod.
//! 3. [`report`]: what can be said about that; [`fixes`]: the changes that help.
//! 4. [`causes`]: a file for each check, which finds a cause, explains it and says what fixes it.
//! 5. `simulation`: what comes after a fix, and what has to follow it.
//! 6. [`diagnosis`]: the answer about one subject, for others to render.
//! 7. [`views`]: what all of them add up to, by namespace and by revision.

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

pub mod advice;
mod ahead;
pub mod causes;
pub mod diagnosis;
mod engine;
pub mod facts;
mod fixes;
mod judge;
mod judged;
pub mod plan;
pub mod redaction;
pub mod report;
mod root_cause;
pub mod rules;
mod simulation;
mod stage;
pub mod symptoms;
pub mod texts;
pub mod views;
pub mod way;

pub use causes::registry;
pub use engine::{diagnose, diagnose_all};
pub use judged::judge_subject;
pub use stage::Stage;
