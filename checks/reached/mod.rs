//! Stage 2: does the API server's call reach istiod, and do both trust each other?

mod api_server_no_proxy;
mod ca_bundle;
mod explain;
mod failure_policy;
mod injector;
mod istiod;
mod istiod_endpoints;
mod judge;
mod match_conditions;
mod patch;
mod webhook_service;

use crate::check::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[
    webhook_service::CHECKS,
    istiod_endpoints::CHECKS,
    api_server_no_proxy::CHECKS,
    failure_policy::CHECKS,
    ca_bundle::CHECKS,
    injector::CHECKS,
    match_conditions::CHECKS,
];
