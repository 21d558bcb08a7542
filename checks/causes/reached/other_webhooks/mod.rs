//! Webhooks that are not Istio's, on the way of the same pod.

mod failing;
mod meshed;
mod owner;

use crate::causes::Check;

pub(in crate::causes) use meshed::is_meshed;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&failing::CHECK, &meshed::CHECK];
