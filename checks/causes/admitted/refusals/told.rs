//! A refusal that nothing else explains, and whose words tell its cause.

use crate::causes::refused::{Refused, refused};
use crate::causes::{Check, Verdict};
use crate::facts::Missing;
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::texts::{Cause, Confidence, Found, recognise};
use crate::way::{Case, Outcome, Rejection};

/// What a check says about a refusal of its cause: the message, with the names and figures of the text.
///
/// # Errors
/// [`Missing`] where it cannot be told whether pods are refused.
pub fn told(
    case: &Case,
    check: &Check,
    explain: impl FnOnce(&Found) -> Result<Finding, Missing>,
) -> Result<Verdict, Missing> {
    let rejection = match refused(case)? {
        Refused::Expectedly(verdict) => return Ok(verdict),
        Refused::Unexpectedly(rejection) => rejection,
    };
    if known(rejection.cause.as_ref()) != Some(check.name) {
        return Ok(Verdict::Passed);
    }
    let mut all = recognise(&rejection.message).into_iter();
    let Some(one) = all.find(|one| one.cause.name == check.name) else {
        return Ok(Verdict::Passed);
    };
    let mut finding = explain(&one.found)?;
    finding.evidence.push(words(&rejection));
    Ok(Verdict::of([finding]))
}

/// The cause that words tell, where they seldom have another.
pub fn known(cause: Option<&Cause>) -> Option<&'static str> {
    let cause = cause.filter(|cause| cause.confidence >= Confidence::Likely);
    cause.map(|cause| cause.name)
}

/// The words themselves, as evidence.
pub fn words(rejection: &Rejection) -> Evidence {
    let mut evidence = Evidence::new(&rejection.source, ".message").actual(&rejection.message);
    evidence.set_at = rejection.stood();
    evidence
}

/// A finding that pods are refused.
pub fn rejected(message: String) -> Finding {
    Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), message)
}

/// The pod in words: its sidecar counts as its own containers do.
pub fn pod_in_words(case: &Case) -> &'static str {
    match case.prediction().outcome {
        Outcome::Injected => "the pod with its sidecar",
        _ => "the pod",
    }
}

/// Shows objects of the target's namespace.
pub fn show(case: &Case, kind: &str, names: &[&str], changes: &str) -> Fix {
    let mut words = vec!["describe", kind];
    words.extend(names);
    if kind != "namespace" {
        words.extend(["-n", case.target().namespace.as_str()]);
    }
    Fix::new(format!("see the {kind}"), Risk::ReadOnly, changes).show(Command::kubectl(words))
}
