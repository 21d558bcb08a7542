//! The caBundle of the webhook against istiod's root, and the certificates in both.

mod empty;
mod expired;
mod explain;
mod label;
mod mismatch;
mod not_pem;
mod repair;
mod revision_label;

use crate::causes::Check;

pub use explain::explain;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &empty::CHECK,
    &not_pem::CHECK,
    &mismatch::CHECK,
    &expired::CHECK,
    &revision_label::CHECK,
];
