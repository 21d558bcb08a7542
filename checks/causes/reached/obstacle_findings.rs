//! What the checks of this stage share: a finding for every obstacle of theirs.

use super::explanation::{Explain, Explanation};
use crate::causes::{Check, Verdict};
use crate::facts::{Kind, Missing};
use crate::report::{Effect, Finding, Severity};
use crate::way::reached::OnTheWay;
use crate::way::{Answer, Case, Destination, Destinations, Obstacle, Outcome};

/// A finding for each obstacle of this type that is the check's own. Where there is none, the leg on
/// which it stands must be known to be free of it.
///
/// # Errors
/// [`Missing`] where the check can neither find nor exclude the obstacle.
pub fn judge<T: OnTheWay + Explain>(
    case: &Case,
    check: &'static Check,
) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    found.note_obstacles::<T>(case, check);
    found.verdict()
}

fn finding(
    case: &Case,
    destination: &Destination,
    obstacle: &Obstacle,
    explanation: Explanation,
) -> Finding {
    Finding {
        severity: Severity::Error,
        effect: effect(case, destination, obstacle),
        message: explanation.message,
        because: explanation.because.map(|cause| cause.name),
        evidence: explanation.evidence,
        fixes: explanation.fixes,
    }
}

/// What an obstacle explains: with failurePolicy Ignore that a pod slips through is the finding of
/// check webhook-fail-open.
pub fn effect(case: &Case, destination: &Destination, obstacle: &Obstacle) -> Effect {
    match destination.decided_by(case, obstacle) {
        Some(Outcome::Rejected) => Effect::Decides(Outcome::Rejected),
        _ => Effect::Beside,
    }
}

/// Findings on the way to a verdict.
pub struct Found<'a> {
    /// The destinations to look at.
    pub destinations: std::rc::Rc<Destinations<'a>>,
    is_webhook: bool,
    findings: Vec<Finding>,
    missing: Option<Missing>,
}

impl<'a> Found<'a> {
    /// Nothing yet.
    ///
    /// # Errors
    /// [`Missing`] where the destinations are not known.
    pub fn new(case: &Case<'a>) -> Result<Self, Missing> {
        let destinations = case.destinations()?;
        Ok(Self {
            is_webhook: case.target().kind == Kind::MutatingWebhookConfiguration,
            findings: Vec::new(),
            missing: destinations.missing.clone(),
            destinations,
        })
    }

    /// Notes a finding for each obstacle of this type that is the check's own.
    pub fn note_obstacles<T: OnTheWay + Explain>(&mut self, case: &Case, check: &'static Check) {
        for destination in &self.destinations.clone().all {
            match destination.route.leg(case, T::LEG) {
                Some(Answer::No(obstacle)) => self.note(|| {
                    let Some(one) = T::of(obstacle) else {
                        return Ok(None);
                    };
                    let explanation = one.explain(case, destination)?;
                    let is_own = explanation.is_by(check);
                    Ok(is_own.then(|| finding(case, destination, obstacle, explanation)))
                }),
                Some(Answer::Unknown(missing)) => self.note(|| Err(missing.clone())),
                None => {
                    let missing = destination.route.unknown(case);
                    self.note(|| missing.cloned().map_or(Ok(None), Err));
                }
                Some(Answer::Yes(())) => {}
            }
        }
    }

    /// Notes a finding, or why there may be one. What several destinations have in common is one
    /// finding: that of the destination where it decides.
    pub fn note(&mut self, look: impl FnOnce() -> Result<Option<Finding>, Missing>) {
        match look() {
            Ok(Some(finding)) => {
                let mut known = self.findings.iter_mut();
                match known.find(|known| known.message == finding.message) {
                    Some(known) if known.effect == Effect::Beside => *known = finding,
                    Some(_) => {}
                    None => self.findings.push(finding),
                }
            }
            Ok(None) => {}
            Err(missing) => {
                self.missing.get_or_insert(missing);
            }
        }
    }

    /// The verdict on all that was noted.
    ///
    /// # Errors
    /// [`Missing`] where nothing was found, and something could not be looked at.
    pub fn verdict(self) -> Result<Verdict, Missing> {
        match self.missing {
            Some(missing) if self.findings.is_empty() => Err(missing),
            None if self.destinations.all.is_empty() && self.findings.is_empty() => {
                let reason = if self.is_webhook {
                    "none of its entries calls an injector"
                } else {
                    "no injection webhook is called for the pod"
                };
                Ok(Verdict::not_applicable(reason))
            }
            _ => Ok(Verdict::of(self.findings)),
        }
    }
}
