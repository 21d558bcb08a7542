//! What keeps pods from starting: nodes, images, volumes.

mod bootstrap_configmap;
mod image_auto;
mod image_pull;
mod named_istio_proxy;
mod native_sidecar_kubelet;
mod proxy_unschedulable;
mod root_certificate_missing;
mod security_context;
mod wrong_container;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &bootstrap_configmap::CHECK,
    &image_pull::CHECK,
    &image_auto::CHECK,
    &root_certificate_missing::CHECK,
    &proxy_unschedulable::CHECK,
    &native_sidecar_kubelet::CHECK,
    &named_istio_proxy::CHECK,
    &security_context::CHECK,
    &wrong_container::CHECK,
];
