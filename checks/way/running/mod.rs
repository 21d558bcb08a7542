//! How the pods start that exist: what keeps one from getting ready, and what is said about it.
//!
//! A kubelet takes one step after the other: the node, the volumes and the network, the init containers, the sidecar,
//! the application. [`Step`] is the one at which a pod stands, [`said`] has the texts about that step and no other: what
//! a later step complains about follows from it.

mod cni;
mod container;
pub(crate) mod egress;
mod said;
mod step;
mod unwell;

pub use cni::{Agent, agent, node};
pub use container::Container;
pub use said::{Place, Said};
pub use step::{Step, has_failed, step, waits_for_end};
pub use unwell::{
    START, Unwell, failed, has_sidecar, is_meant, is_of, may_have_sidecars, unwell, wanted_logs,
};
