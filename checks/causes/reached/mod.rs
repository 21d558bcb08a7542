//! Stage 2: does the API server's call reach istiod, and do both trust each other?

mod ca_bundle;
mod endpoints;
mod explain;
mod failure_policy;
mod istiod;
mod match_conditions;
mod no_proxy;
mod obstacle_findings;
mod patch;
mod service;
mod serving;

use crate::causes::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[
    service::CHECKS,
    endpoints::CHECKS,
    no_proxy::CHECKS,
    failure_policy::CHECKS,
    ca_bundle::CHECKS,
    serving::CHECKS,
    match_conditions::CHECKS,
];
