//! Pods that the API server refuses.

mod dry_run;
mod duplicate_container;
mod gke_autopilot;
mod label_too_long;
mod limit_range;
mod namespace_terminating;
mod native_sidecar_stripped;
mod openshift_scc;
mod pod_invalid;
mod pod_security;
mod policy_engine;
mod proxy_resources;
mod quota;
mod refuser;
mod reserved_volume;
mod service_account_missing;
mod unexplained;
mod windows_pod;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &unexplained::CHECK,
    &quota::CHECK,
    &limit_range::CHECK,
    &pod_security::CHECK,
    &service_account_missing::CHECK,
    &policy_engine::CHECK,
    &proxy_resources::CHECK,
    &duplicate_container::CHECK,
    &reserved_volume::CHECK,
    &namespace_terminating::CHECK,
    &pod_invalid::CHECK,
    &native_sidecar_stripped::CHECK,
    &label_too_long::CHECK,
    &openshift_scc::CHECK,
    &gke_autopilot::CHECK,
    &windows_pod::CHECK,
];
