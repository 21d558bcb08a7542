//! What the checks of this stage share: a finding for every obstacle of theirs.

use super::explain::explain;
use crate::causes::Verdict;
use crate::facts::{Kind, Missing};
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::reached::Leg;
use crate::way::{Answer, Destination, Destinations, Obstacle, Outcome};

/// A finding for each obstacle on these legs that is the check's own. Where there is none, every one
/// of these legs must be known to be free.
///
/// # Errors
/// [`Missing`] where the check can neither find nor exclude an obstacle.
pub fn judge(
    case: &Case,
    legs: &[Leg],
    is_own: impl Fn(&Destination, &Obstacle) -> Result<bool, Missing>,
) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    found.note_obstacles(case, legs, is_own);
    found.verdict()
}

fn finding(
    case: &Case,
    destination: &Destination,
    obstacle: &Obstacle,
) -> Result<Finding, Missing> {
    let explanation = explain(case, destination, obstacle)?;
    Ok(Finding {
        severity: Severity::Error,
        effect: effect(destination, obstacle),
        message: explanation.because,
        evidence: explanation.evidence,
        fixes: explanation.fixes,
    })
}

/// What an obstacle explains: with failurePolicy Ignore that a pod slips through is the finding of
/// check webhook-fail-open.
pub fn effect(destination: &Destination, obstacle: &Obstacle) -> Effect {
    match destination.decided_by(obstacle) {
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

    /// Notes a finding for each obstacle on these legs that is the check's own.
    pub fn note_obstacles(
        &mut self,
        case: &Case,
        legs: &[Leg],
        is_own: impl Fn(&Destination, &Obstacle) -> Result<bool, Missing>,
    ) {
        for destination in &self.destinations.clone().all {
            for leg in legs {
                match destination.route.leg(*leg) {
                    Some(Answer::No(obstacle)) => self.note(|| {
                        let own = is_own(destination, obstacle)?;
                        own.then(|| finding(case, destination, obstacle))
                            .transpose()
                    }),
                    Some(Answer::Unknown(missing)) => self.note(|| Err(missing.clone())),
                    None => {
                        let missing = destination.route.unknown();
                        self.note(|| missing.cloned().map_or(Ok(None), Err));
                    }
                    Some(Answer::Yes(())) => {}
                }
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
