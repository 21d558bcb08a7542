//! Every check on one subject, and the root cause among what they find.

use crate::causes::{About, Check, Verdict, registry};
use crate::diagnosis::{CheckResult, Status};
use crate::facts::Kind;
use crate::report::{Effect, Finding, Severity};
use crate::way::{Case, Outcome, Prediction};

/// What all checks say about one subject.
#[derive(Debug)]
pub struct Judgement {
    /// What will happen to the next pod; none for a webhook configuration.
    pub predicted: Option<Prediction>,
    /// The check whose finding is the root cause.
    pub root_cause: Option<&'static Check>,
    /// All findings: the root cause first, then along the pod's way.
    pub findings: Vec<(&'static Check, Finding)>,
    /// Every check in the order of the registry.
    pub checks: Vec<CheckResult>,
}

/// Runs every check on a subject.
pub fn judge(case: &Case) -> Judgement {
    let is_webhook = case.target().kind == Kind::MutatingWebhookConfiguration;
    let mut checks = Vec::new();
    let mut findings: Vec<(&'static Check, Finding)> = Vec::new();
    for check in registry() {
        let status = if is_webhook && check.about == About::Pods {
            Status::NotApplicable("it is about pods".to_owned())
        } else {
            match (check.run)(case) {
                Ok(Verdict::Passed) => Status::Passed,
                Ok(Verdict::NotApplicable(reason)) => Status::NotApplicable(reason),
                Ok(Verdict::Failed(found)) => {
                    findings.extend(found.into_iter().map(|finding| (check, finding)));
                    Status::Failed
                }
                Err(missing) => Status::Unknown(missing),
            }
        };
        checks.push(CheckResult { check, status });
    }
    let predicted = (!is_webhook).then(|| case.prediction().as_ref().clone());
    let root_cause = root_cause(predicted.as_ref(), &findings);
    order(&mut findings, root_cause);
    Judgement {
        predicted,
        root_cause,
        findings,
        checks,
    }
}

/// The first finding on the pod's way that explains the prediction; where none has to be explained,
/// the first that explains why existing pods differ from it; for a webhook, the first of all.
fn root_cause(
    predicted: Option<&Prediction>,
    findings: &[(&'static Check, Finding)],
) -> Option<&'static Check> {
    let Some(predicted) = predicted else {
        let errors = findings
            .iter()
            .filter(|(_, finding)| finding.severity >= Severity::Warning);
        return first(errors);
    };
    let decides = |finding: &Finding| match finding.effect {
        Effect::Decides(outcome) => {
            outcome == predicted.outcome || predicted.outcome == Outcome::Unknown
        }
        Effect::Differs | Effect::Beside => false,
    };
    first(findings.iter().filter(|(_, finding)| decides(finding))).or_else(|| {
        first(
            findings
                .iter()
                .filter(|(_, finding)| finding.effect == Effect::Differs),
        )
    })
}

/// The first candidate that no other candidate folds.
fn first<'a>(
    candidates: impl Iterator<Item = &'a (&'static Check, Finding)>,
) -> Option<&'static Check> {
    let candidates: Vec<&'static Check> = candidates.map(|(check, _)| *check).collect();
    let folded = |check: &Check| {
        candidates
            .iter()
            .any(|other| other.folds.contains(&check.name))
    };
    candidates
        .iter()
        .copied()
        .find(|check| !folded(check))
        .or(candidates.first().copied())
}

fn order(findings: &mut [(&'static Check, Finding)], root_cause: Option<&'static Check>) {
    let is_root = |check: &Check| root_cause.is_some_and(|root| root.code == check.code);
    findings.sort_by_key(|(check, _)| (!is_root(check), check.stage));
}
