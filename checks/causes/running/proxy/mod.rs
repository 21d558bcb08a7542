//! What keeps the sidecar from getting ready.

mod cannot_reach_istiod;
mod dns;
mod privileged_port;
mod rejected_config;
mod root_mismatch;
mod shut_in;
mod unauthenticated;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &cannot_reach_istiod::CHECK,
    &dns::CHECK,
    &rejected_config::CHECK,
    &root_mismatch::CHECK,
    &unauthenticated::CHECK,
    &privileged_port::CHECK,
];
