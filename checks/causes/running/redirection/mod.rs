//! What keeps the traffic of a pod from being redirected to its sidecar, where it should be, and only there: istio-init, the CNI plugin in its place, and the templates.

mod agent;
mod app_as_proxy_user;
mod cni_failing;
mod cni_multus;
mod cni_not_applied;
mod gateway_template;
mod init_iptables;
mod no_redirection;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &cni_not_applied::CHECK,
    &cni_failing::CHECK,
    &init_iptables::CHECK,
    &gateway_template::CHECK,
    &app_as_proxy_user::CHECK,
    &cni_multus::CHECK,
    &no_redirection::CHECK,
];
