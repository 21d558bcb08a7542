//! What keeps pods from starting: nodes, images, volumes.

mod bootstrap_configmap;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&bootstrap_configmap::CHECK];
