//! Every check on one subject, and the root cause among what they find.

use crate::causes::{About, Check, Verdict, registry};
use crate::diagnosis::{CheckResult, Status};
use crate::facts::Kind;
use crate::report::Finding;
use crate::root_cause;
use crate::symptoms::{self, Symptom};
use crate::way::{Case, Prediction};

/// What all checks say about one subject.
#[derive(Debug)]
pub struct Judgement {
    /// What will happen to the next pod; none for a webhook configuration.
    pub predicted: Option<Prediction>,
    /// What is wrong, the worst first; empty for a webhook configuration.
    pub symptoms: Vec<Symptom>,
    /// The check whose finding is the root cause: that of the worst symptom.
    pub root_cause: Option<&'static Check>,
    /// All findings: the root cause first, then along the pod's way.
    pub findings: Vec<(&'static Check, Finding)>,
    /// Every check in the order of the registry.
    pub checks: Vec<CheckResult>,
}

/// Runs every check on a subject, and finds out what explains this prediction; none for a webhook configuration.
pub fn judge(case: &Case, predicted: Option<Prediction>) -> Judgement {
    let is_webhook = case.target().kind == Kind::MutatingWebhookConfiguration;
    let mut checks = Vec::new();
    let mut findings: Vec<(&'static Check, Finding)> = Vec::new();
    for check in registry() {
        let status = if is_webhook && check.about == About::Pods {
            Status::NotApplicable("it is about pods".into())
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
    let symptoms = match &predicted {
        Some(predicted) => symptoms::of(case, predicted, &findings),
        None => Vec::new(),
    };
    let root_cause = match symptoms.first() {
        Some(worst) => worst.root_cause,
        None => root_cause::of_webhook(&findings).filter(|_| is_webhook),
    };
    order(&mut findings, root_cause);
    Judgement {
        predicted,
        symptoms,
        root_cause,
        findings,
        checks,
    }
}

fn order(findings: &mut [(&'static Check, Finding)], root_cause: Option<&'static Check>) {
    let is_root = |check: &Check| root_cause.is_some_and(|root| root.code == check.code);
    findings.sort_by_key(|(check, _)| (!is_root(check), check.stage));
}
