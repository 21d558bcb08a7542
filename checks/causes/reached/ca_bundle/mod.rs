//! The caBundle of the webhook against istiod's root, and who keeps it right.

pub(super) mod bundles;
mod cannot_patch;
mod distrust;
mod empty;
mod entry_name;
mod forbidden;
pub(super) mod fought_over;
mod istios_name;
pub(super) mod label;
mod mismatch;
mod not_pem;
mod overlooked;
pub(super) mod repair;
mod revision_label;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[
    &empty::CHECK,
    &not_pem::CHECK,
    &mismatch::CHECK,
    &revision_label::CHECK,
    &entry_name::CHECK,
    &cannot_patch::CHECK,
    &fought_over::CHECK,
];
