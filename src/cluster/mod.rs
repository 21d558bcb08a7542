//! The only room that talks to a cluster: connecting to it, and collecting facts from it.
//!
//! From flags to a [`Link`]: `kubeconfig`, `credentials`, `proxy`, `limits` and `transport`, put
//! together in `connect`. From a question to a snapshot: `collect` carries out plan after plan, each
//! read by `carry_out`; `reader` sends the requests.

mod carry_out;
mod collect;
mod connect;
mod credentials;
#[cfg(test)]
mod fake;
mod kubeconfig;
mod lean_pod;
mod limits;
mod proxy;
mod reader;
mod tally;
mod transport;
mod trouble;

pub use collect::{CollectError, collect};
pub use connect::{ConnectError, ConnectFlags, Link, connect};
pub use limits::{Limits, TimeoutError, parse_timeout};
