//! Revisions and tags that labels name, and the webhooks that serve them.

mod default_missing;
mod helm_revision_default;
mod left_out;
mod pod_revision_ignored;
mod pod_revision_unknown;
mod revision_unknown;

use crate::causes::Check;
use crate::facts::Missing;
use crate::way::discovery::of_own_mesh;
use crate::way::relabelled::WhatIf;
use crate::way::selector::Labels;
use crate::way::{Case, injector, names, namespace_labels, preferred};

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &revision_unknown::CHECK,
    &default_missing::CHECK,
    &pod_revision_unknown::CHECK,
    &pod_revision_ignored::CHECK,
    &helm_revision_default::CHECK,
];

/// The revision, never a tag, of the live webhook of the namespace's mesh that is meant, or else of the default's before
/// others.
///
/// # Errors
/// [`Missing`] where the target, its namespace or the webhooks were not read.
fn live_revision(case: &Case) -> Result<Option<String>, Missing> {
    let labels = namespace_labels(case)?;
    let live = injector::injectors(case.webhooks()?)
        .filter(|(_, webhook)| !injector::is_deactivated(webhook));
    let own = of_own_mesh(case, live, |call| *call, &labels);
    let mut live: Vec<_> = own
        .into_iter()
        .filter_map(|(configuration, _)| injector::label(configuration, names::ISTIO_REV))
        .map(str::to_owned)
        .collect();
    live.sort_by_key(|revision| revision != names::DEFAULT_REVISION);
    let meant = preferred::meant(case, &live)?;
    Ok(meant.into_iter().chain(live).next())
}

/// Whether the namespace has istio-injection=enabled, and no webhook is called for its pods, as long as they say nothing.
fn asks_default_in_vain(what_if: &WhatIf) -> bool {
    let label = what_if.namespace.get(names::ISTIO_INJECTION);
    label.is_some_and(|value| value == "enabled")
        && !what_if.is_called(&what_if.namespace, &Labels::new())
}
