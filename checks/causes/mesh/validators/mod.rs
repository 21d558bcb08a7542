//! Webhooks that validate Istio's configuration.

mod stale;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&stale::CHECK];
