//! Conditions in CEL that cannot be evaluated.

mod error;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&error::CHECK];
