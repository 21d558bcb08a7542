//! Does the pod start, and does its proxy work?

mod application;
mod next_pod;
mod nodes;
mod proxy;
mod redirection;
mod start;
mod told;
mod volumes;

use super::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[
    start::CHECKS,
    redirection::CHECKS,
    proxy::CHECKS,
    application::CHECKS,
    nodes::CHECKS,
];
