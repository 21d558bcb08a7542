//! Control planes that are not an istiod of Istio's own charts.

mod commands;
mod managed;
mod members;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&managed::CHECK];
