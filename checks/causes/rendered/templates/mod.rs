//! The templates that istiod renders: those of annotation `inject.istio.io/templates`, or the default ones.

mod broken;
mod not_found;

pub(crate) use not_found::corrected;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&not_found::CHECK, &broken::CHECK];

/// Those that only the words of a refusal tell, where nothing foresees it.
pub(crate) static TOLD: &[&Check] = &[&broken::CHECK];
