//! The only room that talks to a cluster: connecting to it, and collecting facts from it.
//!
//! From flags to a [`Link`]: `connect`. From a [`Question`] to a snapshot: `read` sends the requests; `family` asks
//! about objects by name, `sweep` and `family_tree` about all there are, `control_plane` about what
//! all of them share; `collect` puts it together.

mod applied;
mod collect;
mod connect;
mod control_plane;
#[cfg(test)]
mod fake;
mod family;
mod family_tree;
mod kin;
mod lean_pod;
mod question;
mod read;
mod sweep;
pub(crate) mod workload;

pub use collect::{CollectError, collect};
pub use connect::{
    ConnectError, ConnectFlags, Limits, Link, Size, SizeError, Sizes, TimeoutError, connect,
    parse_size, parse_timeout,
};
pub use question::Question;
