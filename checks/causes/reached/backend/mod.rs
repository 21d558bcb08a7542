//! Who stands behind the webhook's Service: istiod, on the port of its webhooks, or something else.

mod target_port;
pub(super) mod wrong_pods;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&wrong_pods::CHECK];
