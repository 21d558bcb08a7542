//! What keeps applications from getting ready beside their sidecar.

mod pods_not_ready;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&pods_not_ready::CHECK];
