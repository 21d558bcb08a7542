//! Pods that are older than what would inject them.

mod predates;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&predates::CHECK];
