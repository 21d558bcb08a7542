//! Pods that get no sidecar by their nature: static pods, and those of the ambient data plane.

mod ambient;
mod static_pod;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&static_pod::CHECK, &ambient::CHECK];
