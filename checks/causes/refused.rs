//! Refusals of pods that nothing explains which is predicted.

use crate::causes::Verdict;
use crate::facts::Missing;
use crate::report::Evidence;
use crate::texts::{Confidence, Denied, Match, What};
use crate::way::reached::refusal;
use crate::way::{Case, ControlPlaneKind, Destination, Outcome, Prediction, Rejection, over_since};

/// Whether pods are refused.
pub enum Refused {
    /// They are not, or it is no news, with the verdict that says so.
    Expectedly(Verdict),
    /// They are, though the next one is predicted to pass, or to be refused by the validation of the pod, or nothing can be
    /// predicted, as the control plane is out of sight.
    Unexpectedly(Box<Rejection>),
}

/// Whether the pods of the target are refused, although that is not predicted and nothing was changed since.
///
/// # Errors
/// [`Missing`] where that was not to be read.
pub fn refused(case: &Case) -> Result<Refused, Missing> {
    let observation = case.observation();
    if let Some(missing) = &observation.missing {
        return Err(missing.clone());
    }
    let Some(rejection) = &observation.rejection else {
        return Ok(Refused::Expectedly(Verdict::Passed));
    };
    let prediction = case.prediction();
    let reason = match prediction.outcome {
        Outcome::Rejected if !is_of_validation(&prediction, rejection) => {
            Some("the refusal is expected".to_owned())
        }
        Outcome::Unknown if !is_unforeseeable(case)? => {
            return Err(Missing(prediction.because.clone()));
        }
        Outcome::Rejected | Outcome::Injected | Outcome::NotInjected | Outcome::Unknown => {
            over_since(case, rejection)?.map(|since| since.to_string())
        }
    };
    Ok(match reason {
        Some(reason) => Refused::Expectedly(Verdict::not_applicable(reason)),
        None => Refused::Unexpectedly(Box::new(rejection.clone())),
    })
}

/// Whether a control plane outside of the cluster is asked about the pod: what that does cannot be foreseen, and what was
/// refused tells all that there is to know.
fn is_unforeseeable(case: &Case) -> Result<bool, Missing> {
    let destinations = case.destinations()?;
    for destination in &destinations.all {
        let kind = case.control_plane_kind(destination.configuration, destination.entry)?;
        if kind.is_some_and(ControlPlaneKind::is_unforeseeable) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the pod is refused by the API server's validation, and expected to be: only the words tell more of it. What is
/// refused by a webhook does not come so far.
fn is_of_validation(prediction: &Prediction, rejection: &Rejection) -> bool {
    let said = rejection.said.as_ref().map(|said| said.what);
    let expected = prediction.webhook.is_none() || prediction.invalid_once_injected().is_some();
    expected && matches!(said, Some(What::Denied(Denied::Field(_))))
}

/// The words of a refusal, as evidence.
pub fn words(rejection: &Rejection) -> Evidence {
    let mut evidence = Evidence::new(&rejection.source, ".message").actual(&rejection.message);
    evidence.set_at = rejection.stood();
    evidence
}

/// The words of the refusal that tells how calls of a destination fare, if one does.
pub fn standing_words(case: &Case, destination: &Destination) -> Option<Evidence> {
    let refusal = refusal(case, destination.first()).ok()?;
    refusal.as_ref().map(words)
}

/// The cause that words tell, where they seldom have another.
pub fn known(told: Option<&Match>) -> Option<&Match> {
    told.filter(|one| one.cause.confidence >= Confidence::Likely)
}

/// Where to read on, to be said after the words of a refusal: the page of their cause, where they seldom have another.
pub fn see_also(told: Option<&Match>) -> String {
    known(told).map_or_else(String::new, |one| {
        format!("; see `injdoctor explain {}`", one.cause.name)
    })
}
