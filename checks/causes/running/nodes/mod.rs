//! What sidecars mean for the nodes that they run on.

mod safe_to_evict;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&safe_to_evict::CHECK];
