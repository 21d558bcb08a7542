//! The only room that talks to a cluster: connecting to it, and collecting facts from it.
//!
//! From flags to a [`Link`]: `connect`. From a question to a snapshot: `collect` carries out plan after
//! plan, each read of them by `carry_out`; `follow` keeps the snapshot up to date; `read` sends the requests and verifies the answers.

mod carry_out;
mod collect;
mod connect;
#[cfg(test)]
mod fake;
mod follow;
mod lean;
mod read;

pub use collect::{CollectError, collect, names};
pub use connect::{
    ConnectError, ConnectFlags, Known, Limits, Link, Size, SizeError, Sizes, TimeoutError, connect,
    known, parse_size, parse_timeout,
};
pub use follow::Follower;
