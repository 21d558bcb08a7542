//! The calls that fail now, which no obstacle on their way explains: each with what its words say.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ServiceReference};
use k8s_openapi::api::core::v1::Event;

use super::cause::Cause;
use crate::causes::Verdict;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::refused::{Refused, refused, words};
use crate::facts::ownership::happened;
use crate::facts::{Kind, Missing};
use crate::report::{Effect, Evidence, Finding, Fix, Severity};
use crate::texts::{Key, What};
use crate::way::{
    Case, Destination, Outcome, Rejection, injectors, is_refusal, is_way_changed_since,
};

/// How long a refusal tells something about now: a controller tries again at the latest after 1,000 s, and then
/// the event is renewed.
/// Source: `k8s.io/client-go/util/workqueue` (v0.36), `DefaultTypedControllerRateLimiter`.
pub(super) const RETRIED: Duration = Duration::from_secs(1_000);

/// A call that fails.
pub(super) struct FailingCall<'d, 'a> {
    /// Where it leads.
    pub(super) destination: &'d Destination<'a>,
    /// What the API server said of it.
    pub(super) failure: Rejection,
}

/// What a check says of it.
pub(super) struct Explained {
    /// What stands after "calls of NAME fail".
    pub(super) words: String,
    /// What it rests on beside the words of the failure.
    pub(super) evidence: Vec<Evidence>,
    /// What fixes it, the best first.
    pub(super) fixes: Vec<Fix>,
}

/// How a check explains a failing call.
pub(super) type Explain = fn(&Case, &FailingCall) -> Result<Explained, Missing>;

impl FailingCall<'_, '_> {
    /// What the words give of this.
    pub(super) fn value(&self, key: Key) -> Option<&str> {
        self.failure.said.as_ref()?.value(key)
    }

    fn finding(&self, severity: Severity, effect: Effect, explained: Explained) -> Finding {
        let failure = &self.failure;
        let last = failure
            .stood()
            .map_or_else(String::new, |at| format!(", last at {at}"));
        let message = format!(
            "calls of {} fail{last}, {}",
            self.destination.name(),
            explained.words
        );
        let finding = Finding::new(severity, effect, message);
        let evidence = explained.evidence.into_iter().chain([words(failure)]);
        let finding = evidence.fold(finding, Finding::evidence);
        explained.fixes.into_iter().fold(finding, Finding::fix)
    }
}

/// The verdict of the check of one cause: a finding for each standing failure that is its own.
///
/// # Errors
/// [`Missing`] where it can neither find nor exclude one.
pub(super) fn judge(case: &Case, cause: Cause, explain: Explain) -> Result<Verdict, Missing> {
    match case.target().kind {
        Kind::MutatingWebhookConfiguration => of_webhook(case, cause, explain),
        _ => of_pods(case, cause, explain),
    }
}

/// Pods are refused as a call fails.
fn of_pods(case: &Case, cause: Cause, explain: Explain) -> Result<Verdict, Missing> {
    let rejection = match refused(case)? {
        Refused::Expectedly(verdict) => return Ok(verdict),
        Refused::Unexpectedly(rejection) => rejection,
    };
    let destinations = case.destinations()?;
    let mut all = destinations.all.iter();
    let destination = all.find(|one| is_about(one, &rejection, true));
    let Some(destination) = destination else {
        return Ok(Verdict::Passed);
    };
    if Cause::of(case, destination, &rejection)? != cause {
        return Ok(Verdict::Passed);
    }
    let effect = Effect::Decides(Outcome::Rejected);
    let failing = FailingCall {
        destination,
        failure: *rejection,
    };
    let explained = explain(case, &failing)?;
    Ok(Verdict::of([failing.finding(
        Severity::Error,
        effect,
        explained,
    )]))
}

/// Whether a check of this topic explains a refusal of the target's pods.
///
/// # Errors
/// [`Missing`] where it cannot be told which.
pub(in crate::causes) fn explains(case: &Case, refusal: &Rejection) -> Result<bool, Missing> {
    let destinations = case.destinations()?;
    let mut all = destinations.all.iter();
    match all.find(|one| is_about(one, refusal, true)) {
        Some(destination) => Cause::of(case, destination, refusal).map(|_| true),
        None => Ok(false),
    }
}

/// Events of whatever pods tell of failing calls.
fn of_webhook(case: &Case, cause: Cause, explain: Explain) -> Result<Verdict, Missing> {
    let warnings = case.warnings()?;
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| {
            // An obstacle on the way explains them.
            let failure = match destination.route.obstacle(case) {
                Some(_) => None,
                None => newest_failure(case, destination, &warnings)?,
            };
            let Some(failure) = failure else {
                return Ok(None);
            };
            if Cause::of(case, destination, &failure)? != cause {
                return Ok(None);
            }
            let failing = FailingCall {
                destination,
                failure,
            };
            let explained = explain(case, &failing)?;
            let (severity, effect) = (Severity::Warning, Effect::Beside);
            Ok(Some(failing.finding(severity, effect, explained)))
        });
    }
    found.verdict()
}

/// The newest failure of a call, if it may still be so.
fn newest_failure(
    case: &Case,
    destination: &Destination,
    warnings: &[&Event],
) -> Result<Option<Rejection>, Missing> {
    let may_be_so_now = |at: &Timestamp| at.checked_add(RETRIED).is_ok_and(|end| end >= case.now());
    let refusals = warnings.iter().filter(|event| is_refusal(event));
    let times = refusals.filter_map(|event| Some((happened(event)?, *event)));
    let mut recent: Vec<_> = times.filter(|(at, _)| may_be_so_now(at)).collect();
    // The newest first, as a text takes longer to read than a time.
    recent.sort_by_key(|(at, _)| Reverse(*at));
    let mut told = recent
        .into_iter()
        .map(|(at, event)| (at, event, Rejection::of(event)));
    let webhooks = case.webhooks()?;
    let newest =
        told.find(|(_, _, failure)| is_about(destination, failure, is_of_one(webhooks, failure)));
    let Some((at, event, failure)) = newest else {
        return Ok(None);
    };
    if is_way_changed_since(case, destination, at)? {
        return Ok(None);
    }
    let namespace = event.involved_object.namespace.as_deref();
    let source = format!("{} -n {}", failure.source, namespace.unwrap_or_default());
    Ok(Some(Rejection { source, ..failure }))
}

/// Whether a refusal tells of a failed call of this destination: by the name of an entry, and by the Service in the
/// URL, as entries of several revisions have the same names.
fn is_about(destination: &Destination, refusal: &Rejection, is_only_one: bool) -> bool {
    let Some(said) = &refusal.said else {
        return false;
    };
    let is_it = |service: &ServiceReference| {
        // An answer of the server has no URL in its words.
        said.value(Key::Service).map_or(is_only_one, |name| {
            name == service.name && said.value(Key::Namespace) == Some(&service.namespace)
        })
    };
    let mut entries = destination.configuration.webhooks.iter().flatten();
    let names_entry = entries.any(|one| said.value(Key::Webhook) == Some(&one.name));
    let names_service = destination.service().is_none_or(is_it);
    matches!(said.what, What::Call(_)) && names_entry && names_service
}

/// Whether no other injection webhook has an entry of the name that a refusal tells.
fn is_of_one(webhooks: &[MutatingWebhookConfiguration], refusal: &Rejection) -> bool {
    let said = refusal.said.as_ref();
    let name = said.and_then(|said| said.value(Key::Webhook));
    let of_this_name = injectors(webhooks).filter(|(_, entry)| Some(entry.name.as_str()) == name);
    of_this_name.count() == 1
}
