//! The calls that fail now, which no obstacle on their way explains: each with what its words say.

use super::cause::Cause;
use crate::causes::Verdict;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::refused::{Refused, refused, words};
use crate::facts::{Kind, Missing};
use crate::report::{Effect, Evidence, Finding, Fix, Severity};
use crate::texts::Key;
use crate::way::reached::{is_about, newest_failure};
use crate::way::{Case, Destination, Outcome, Rejection, is_way_changed_since};

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
    let destination = all.find(|one| is_about(one.first(), &rejection, true));
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
    match all.find(|one| is_about(one.first(), refusal, true)) {
        Some(destination) => Cause::of(case, destination, refusal).map(|_| true),
        None => Ok(false),
    }
}

/// Events of whatever pods tell of failing calls.
fn of_webhook(case: &Case, cause: Cause, explain: Explain) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| {
            // An obstacle on the way explains them.
            let failure = match destination.route.obstacle(case) {
                Some(_) => None,
                None => failure(case, destination)?,
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

/// The newest failure of a call, if nothing on its way was changed since.
fn failure(case: &Case, destination: &Destination) -> Result<Option<Rejection>, Missing> {
    let Some((at, failure)) = newest_failure(case, destination.first())? else {
        return Ok(None);
    };
    let is_over = is_way_changed_since(case, destination, at)?;
    Ok((!is_over).then_some(failure))
}
