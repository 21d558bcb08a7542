//! Is the pod admitted as it is injected?

mod refusals;

use super::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[refusals::CHECKS];
