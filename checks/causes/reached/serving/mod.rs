//! The injector in istiod: on, and at the path that is called.

mod explain;
mod not_serving;

use crate::causes::Check;

pub use explain::explain;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&not_serving::CHECK];
