//! Who stands behind the webhook's Service: istiod, on the port of its webhooks, or something else.

pub(super) mod selector;
mod target_port;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&selector::CHECK];
