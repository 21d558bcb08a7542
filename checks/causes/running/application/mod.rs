//! What keeps applications from getting ready beside their sidecar.

mod before_proxy;
mod failed_job_without_pods;
mod init_container_network;
mod job;
mod pods_not_ready;
mod probe_rewrite;
mod reserved_port;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &pods_not_ready::CHECK,
    &before_proxy::CHECK,
    &job::CHECK,
    &init_container_network::CHECK,
    &probe_rewrite::CHECK,
    &reserved_port::CHECK,
    &failed_job_without_pods::CHECK,
];
