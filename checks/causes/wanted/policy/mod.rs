//! The value of `policy` in the injector's ConfigMap: what becomes of pods that do not ask explicitly.

mod disabled;
mod edit;
mod illegal;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&disabled::CHECK, &illegal::CHECK];
