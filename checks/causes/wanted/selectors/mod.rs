//! The selectors of the injector's ConfigMap: neverInjectSelector and alwaysInjectSelector.

mod always_inject;
mod never_inject;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&never_inject::CHECK, &always_inject::CHECK];
