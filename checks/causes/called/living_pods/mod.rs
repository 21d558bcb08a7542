//! Labels of pods that exist, which their template does not have.

mod added_too_late;
mod changed_on_the_way;
mod differing;

use crate::causes::Check;

pub(in crate::causes) use differing::{Side, changers};

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&added_too_late::CHECK, &changed_on_the_way::CHECK];
