//! The only room that talks to a cluster: connecting to it, and collecting facts from it.
//!
//! From flags to a [`Link`]: `kubeconfig`, `credentials`, `proxy`, `limits` and `transport`, put
//! together in `connect`. From a [`Question`] to a snapshot: `reader` sends the requests; `family` asks
//! about objects by name, `sweep` and `family_tree` about all there are, `control_plane` about what
//! all of them share; `collect` puts it together.

mod applied;
mod collect;
mod connect;
mod control_plane;
mod credentials;
#[cfg(test)]
mod fake;
mod family;
mod family_tree;
mod kin;
mod kubeconfig;
mod lean_pod;
mod limits;
mod proxy;
mod question;
mod reader;
mod sweep;
mod tally;
mod transport;
mod trouble;
pub(crate) mod workload;

pub use collect::{CollectError, collect};
pub use connect::{ConnectError, ConnectFlags, Link, connect};
pub use limits::{Limits, TimeoutError, parse_timeout};
pub use question::Question;
