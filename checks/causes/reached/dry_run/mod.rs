//! What becomes of dry runs, which create nothing.

mod side_effects;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&side_effects::CHECK];
