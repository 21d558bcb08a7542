//! Pods that opt out where only istiod looks: in an annotation. Labels are looked at by the API server first.

mod annotation;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&annotation::CHECK];
