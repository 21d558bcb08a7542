//! Stage 2: does the API server's call reach istiod, and do both trust each other?
//!
//! The topics bear the names of `way/reached`, and explain the obstacles that it decides. A file
//! explains one: it has the check, which finds it, and [`explanation::Explain`] for its type.
//! [`obstacle`] knows them all, and [`failure_policy`] alone knows that. [`other_webhooks`] is about those
//! that are not Istio's.

mod backend;
mod ca_bundle;
mod certificate;
mod dry_run;
mod endpoints;
mod entry;
mod explanation;
mod failing_calls;
mod failure_policy;
mod istiod;
mod left_over;
mod match_conditions;
mod no_proxy;
mod obstacle;
mod obstacle_findings;
mod other_webhooks;
mod place;
mod selector;
mod service;
mod serving;
mod url;

use crate::causes::Check;

pub(super) use entry::evidence;
pub(super) use failing_calls::explains;
pub(super) use other_webhooks::is_meshed;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[
    service::CHECKS,
    endpoints::CHECKS,
    backend::CHECKS,
    no_proxy::CHECKS,
    failure_policy::CHECKS,
    ca_bundle::CHECKS,
    certificate::CHECKS,
    url::CHECKS,
    serving::CHECKS,
    failing_calls::CHECKS,
    match_conditions::CHECKS,
    other_webhooks::CHECKS,
    dry_run::CHECKS,
];
