//! Pods that are older than what would inject them, or would not.

mod lost;
mod predates;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&predates::CHECK, &lost::CHECK];
