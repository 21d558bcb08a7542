//! The Service that the webhook calls.

mod explain;
mod missing;

use crate::causes::Check;

pub use explain::{explain, replace};

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&missing::CHECK];
