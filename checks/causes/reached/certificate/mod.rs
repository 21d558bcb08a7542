//! The certificates between the API server and istiod: their time and their names.

mod expired;
mod name;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&expired::CHECK, &name::CHECK];
