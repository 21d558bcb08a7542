//! The refusals of pods that tell of a failed call.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ServiceReference};

use super::step::Entry;
use crate::facts::Missing;
use crate::facts::ownership::happened;
use crate::texts::{Key, What};
use crate::way::injector::injectors;
use crate::way::{Case, Rejection, is_refusal};

/// How long a refusal tells something about now: a controller tries again at the latest after 1,000 s, and then
/// the event is renewed.
/// Source: `k8s.io/client-go/util/workqueue` (v0.36), `DefaultTypedControllerRateLimiter`.
pub const RETRIED: Duration = Duration::from_secs(1_000);

/// The newest refusal of whatever pod that tells of a failed call to where an entry leads, if it may still be so; with
/// the time.
///
/// # Errors
/// [`Missing`] where events or webhooks were not read.
pub fn newest_failure(
    case: &Case,
    entry: Entry,
) -> Result<Option<(Timestamp, Rejection)>, Missing> {
    let may_be_so_now = |at: &Timestamp| at.checked_add(RETRIED).is_ok_and(|end| end >= case.now());
    let warnings = case.warnings()?;
    let refusals = warnings.iter().filter(|event| is_refusal(event));
    let times = refusals.filter_map(|event| Some((happened(event)?, *event)));
    let mut recent: Vec<_> = times.filter(|(at, _)| may_be_so_now(at)).collect();
    // The newest first, as a text takes longer to read than a time.
    recent.sort_by_key(|(at, _)| Reverse(*at));
    let webhooks = case.webhooks()?;
    let mut told = recent
        .into_iter()
        .map(|(at, event)| (at, event, Rejection::of(event)));
    let newest =
        told.find(|(_, _, failure)| is_about(entry, failure, is_of_one(webhooks, failure)));
    Ok(newest.map(|(at, event, failure)| {
        let namespace = event.involved_object.namespace.as_deref();
        let source = format!("{} -n {}", failure.source, namespace.unwrap_or_default());
        (at, Rejection { source, ..failure })
    }))
}

/// Whether a refusal tells of a failed call to where an entry leads: by the name of an entry of its configuration, and by
/// the Service in the URL, as entries of several revisions have the same names.
pub fn is_about(entry: Entry, refusal: &Rejection, is_only_one: bool) -> bool {
    let Some(said) = &refusal.said else {
        return false;
    };
    let is_it = |service: &ServiceReference| {
        // An answer of the server has no URL in its words.
        said.value(Key::Service).map_or(is_only_one, |name| {
            name == service.name && said.value(Key::Namespace) == Some(&service.namespace)
        })
    };
    let mut entries = entry.configuration.webhooks.iter().flatten();
    let names_entry = entries.any(|one| said.value(Key::Webhook) == Some(&one.name));
    let service = entry.webhook.client_config.service.as_ref();
    matches!(said.what, What::Call(_)) && names_entry && service.is_none_or(is_it)
}

/// Whether no other injection webhook has an entry of the name that a refusal tells.
fn is_of_one(webhooks: &[MutatingWebhookConfiguration], refusal: &Rejection) -> bool {
    let said = refusal.said.as_ref();
    let name = said.and_then(|said| said.value(Key::Webhook));
    let of_this_name = injectors(webhooks).filter(|(_, entry)| Some(entry.name.as_str()) == name);
    of_this_name.count() == 1
}
