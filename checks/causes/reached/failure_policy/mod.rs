//! What happens to pods while the webhook's calls fail.

mod fail_open;
mod open_by_policy;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&fail_open::CHECK, &open_by_policy::CHECK];
