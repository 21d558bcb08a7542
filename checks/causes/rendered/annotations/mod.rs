//! The annotations of the pod that shape its sidecar.

mod corrected;
mod invalid;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&invalid::CHECK];
