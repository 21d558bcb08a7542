//! Checks.
use crate::check::Check;
pub(crate) static TOPICS: &[&[&Check]] = &[];
