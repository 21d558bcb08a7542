//! Revisions and tags that labels name, and the webhooks that serve them.

mod default_missing;
mod pod_revision_ignored;
mod pod_revision_unknown;
mod revision_unknown;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &revision_unknown::CHECK,
    &default_missing::CHECK,
    &pod_revision_unknown::CHECK,
    &pod_revision_ignored::CHECK,
];
