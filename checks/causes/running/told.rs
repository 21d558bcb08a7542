//! Pods that are not ready, and whose cause is told by what the scheduler, the kubelet or a container says.

use crate::causes::{Check, Verdict};
use crate::facts::Missing;
use crate::report::{Effect, Finding, Severity};
use crate::texts::Found;
use crate::way::Case;
use crate::way::running::Unwell;

/// What a check says about pods that are not ready because of its cause, where a text tells that cause best; the text
/// is evidence by itself.
///
/// # Errors
/// [`Missing`] where it cannot be told how the pods fare, or where a log might tell more that could not be read.
pub fn told(
    case: &Case,
    check: &Check,
    explain: impl Fn(&Unwell, &Found) -> Result<Finding, Missing>,
) -> Result<Verdict, Missing> {
    told_as(case, check.name, |unwell, found| {
        explain(unwell, found).map(Some)
    })
}

/// The same, of a cause that several checks share, each with its part of the pods.
///
/// # Errors
/// As [`told`].
pub fn told_as(
    case: &Case,
    cause: &str,
    explain: impl Fn(&Unwell, &Found) -> Result<Option<Finding>, Missing>,
) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    let mut open = None;
    for unwell in case.unwell()?.iter() {
        let Some(said) = unwell.cause() else {
            open = open.or_else(|| unwell.unread.clone());
            continue;
        };
        let told = said.told.as_ref();
        let Some(told) = told.filter(|one| one.cause.name == cause) else {
            continue;
        };
        if let Some(mut finding) = explain(unwell, &told.found)? {
            finding.evidence.push(said.evidence(unwell.name()));
            findings.push(finding);
        }
    }
    match (findings.is_empty(), open) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(Verdict::of(findings)),
    }
}

/// A finding that pods are not ready: an error where none is.
pub fn not_ready(case: &Case, message: String) -> Finding {
    let readiness = case.observation().readiness;
    let severity = match readiness.is_some_and(|all| all.ready > 0) {
        true => Severity::Warning,
        false => Severity::Error,
    };
    Finding::new(severity, Effect::NotReady, message)
}

/// The pods in words: `pod reviews-1 and 2 others`.
pub fn pods_in_words(unwell: &Unwell) -> String {
    match unwell.others {
        0 => format!("pod {}", unwell.name()),
        1 => format!("pod {} and another like it", unwell.name()),
        others => format!("pod {} and {others} others like it", unwell.name()),
    }
}
