//! Pods that the API server refuses.

mod limit_range;
mod pod_security;
mod quota;
mod refuser;
mod service_account_missing;
mod told;
mod unexplained;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &unexplained::CHECK,
    &quota::CHECK,
    &limit_range::CHECK,
    &pod_security::CHECK,
    &service_account_missing::CHECK,
];
