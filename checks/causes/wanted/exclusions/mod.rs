//! Pods that istiod never injects, whatever requests it: `kube-system` and its like, and hostNetwork.

mod host_network;
mod namespace_ignored;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&host_network::CHECK, &namespace_ignored::CHECK];
