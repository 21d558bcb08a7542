//! The only room that talks to a cluster: connecting to it, and collecting facts from it.

pub mod collect;
pub mod connect;
pub mod limits;

mod control_plane;
mod credentials;
#[cfg(test)]
mod fake;
mod family;
mod family_tree;
mod kin;
mod kubeconfig;
mod proxy;
mod reader;
mod sweep;
mod transport;
mod trouble;
pub(crate) mod workload;

pub use collect::{CollectError, Question, collect};
pub use connect::{ConnectError, ConnectFlags, Link, connect};
pub use limits::parse_timeout;
