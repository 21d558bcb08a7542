//! Pods that are injected, or not, otherwise than somebody expects.

mod enabled_by_default;
mod injected_twice;
mod label_beats_annotation;
mod manually_injected;
mod matches_everything;
mod own_label;
mod pod_label_opts_in;
mod pod_revision_opts_in;
mod proxy_version_stale;
mod revision_stale;
mod system_pods;
mod without_proxy;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &label_beats_annotation::CHECK,
    &enabled_by_default::CHECK,
    &injected_twice::CHECK,
    &revision_stale::CHECK,
    &manually_injected::CHECK,
    &matches_everything::CHECK,
    &pod_label_opts_in::CHECK,
    &pod_revision_opts_in::CHECK,
    &system_pods::CHECK,
    &proxy_version_stale::CHECK,
    &without_proxy::CHECK,
];
