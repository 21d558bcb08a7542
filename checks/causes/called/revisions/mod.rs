//! Revisions and tags that labels name, and the webhooks that serve them.

mod default_missing;
mod helm_revision_default;
mod pod_revision_ignored;
mod pod_revision_unknown;
mod revision_unknown;

use crate::causes::Check;
use crate::facts::Missing;
use crate::way::discovery::is_of_another_mesh;
use crate::way::{Case, injector, names, namespace_labels, preferred};

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &revision_unknown::CHECK,
    &default_missing::CHECK,
    &pod_revision_unknown::CHECK,
    &pod_revision_ignored::CHECK,
    &helm_revision_default::CHECK,
];

/// The revision, never a tag, of the live webhook that is meant, or else of the default's before others; none of a mesh
/// that leaves the namespace out, where another does not.
///
/// # Errors
/// [`Missing`] where the target, its namespace or the webhooks were not read.
fn live_revision(case: &Case) -> Result<Option<String>, Missing> {
    let labels = namespace_labels(case)?;
    let (others, own): (Vec<_>, Vec<_>) = injector::injectors(case.webhooks()?)
        .filter(|(_, webhook)| !injector::is_deactivated(webhook))
        .partition(|call| is_of_another_mesh(case, *call, &labels));
    let live = if own.is_empty() { others } else { own };
    let live = live.into_iter();
    let mut live: Vec<_> = live
        .filter_map(|(configuration, _)| injector::label(configuration, names::ISTIO_REV))
        .map(str::to_owned)
        .collect();
    live.sort_by_key(|revision| revision != names::DEFAULT_REVISION);
    let meant = preferred::meant(case, &live)?;
    Ok(meant.into_iter().chain(live).next())
}
