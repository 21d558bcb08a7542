//! Pods that the API server refuses.

mod refuser;
mod unexplained;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&unexplained::CHECK];
