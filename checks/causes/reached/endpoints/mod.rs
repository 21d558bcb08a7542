//! The endpoints behind the webhook's Service: whether one is ready.

mod deadlock;
mod endpoint_cause;
mod gone;
mod no_pods;
mod none_ready;
mod pod_state;
mod ready;
mod unmanaged;
mod unready;

use crate::causes::Check;

pub(super) use pod_state::has_restarted;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&none_ready::CHECK, &deadlock::CHECK];
