//! The only room that talks to a cluster: connecting to it, and collecting facts from it.
//!
//! From flags to a [`Link`]: `connect`. From a question to a snapshot: `collect` carries out plan after
//! plan, each read of them by `carry_out`; `read` sends the requests and verifies the answers.

mod carry_out;
mod collect;
mod connect;
#[cfg(test)]
mod fake;
mod lean;
mod read;

pub use collect::{CollectError, collect};
pub use connect::{
    ConnectError, ConnectFlags, Limits, Link, Size, SizeError, Sizes, TimeoutError, connect,
    parse_size, parse_timeout,
};
