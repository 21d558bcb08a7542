//! A refusal that nothing else explains, and whose words tell its cause.

use crate::causes::refused::{Refused, known, refused, words};
use crate::causes::{Check, Verdict};
use crate::facts::Missing;
use crate::report::{Command, Effect, Finding, Fix, Risk, Severity};
use crate::texts::Found;
use crate::way::{Case, Outcome};

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
    let told = known(rejection.told.as_ref());
    let Some(told) = told.filter(|one| one.cause.name == check.name) else {
        return Ok(Verdict::Passed);
    };
    let mut finding = explain(&told.found)?;
    finding.evidence.push(words(&rejection));
    Ok(Verdict::of([finding]))
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
