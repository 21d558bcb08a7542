//! The annotations of the pod that shape its sidecar.

mod corrected;
mod invalid;
mod left_over;
mod overrides;
mod prometheus_port;
mod status;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &invalid::CHECK,
    &overrides::CHECK,
    &status::CHECK,
    &prometheus_port::CHECK,
];
