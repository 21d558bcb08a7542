//! Which of the findings is the root cause, and which of the others merely follow from it.

use crate::causes::Check;
use crate::report::{Effect, Finding, Severity};
use crate::way::Outcome;

/// A finding, and the check that found it.
pub type Found = (&'static Check, Finding);

/// The root cause among the findings that count: the first that is not because of another one.
pub fn among(findings: &[Found], counts: impl Fn(&Finding) -> bool) -> Option<&'static Check> {
    let counts = |(_, finding): &&Found| counts(finding);
    first(findings.iter().filter(counts).collect(), findings)
}

/// The root cause of what is wrong with a webhook: what decides about the pods for which it is called, or else
/// the first that matters.
pub fn of_webhook(findings: &[Found]) -> Option<&'static Check> {
    among(
        findings,
        |finding| matches!(finding.effect, Effect::Decides(outcome) if outcome != Outcome::Unknown),
    )
    .or_else(|| among(findings, |finding| finding.severity >= Severity::Warning))
}

/// The candidate of the first rank that is not because of another one.
fn first(candidates: Vec<&Found>, findings: &[Found]) -> Option<&'static Check> {
    let checks = candidates.iter().map(|(check, _)| *check);
    let is_because_of_another = |check: &&'static Check| {
        let mut others = checks.clone();
        others.any(|other| is_because(findings, check, other))
    };
    let own = checks.clone().filter(|check| !is_because_of_another(check));
    own.min_by_key(|check| check.rank)
}

/// Whether the findings of a check need not be told beside the root cause: because they follow from
/// it, as it is of an earlier rank or is named by them; or because it is because of them, and tells
/// them itself.
pub fn tells(root: &Check, check: &Check, findings: &[Found]) -> bool {
    let effects = |check: &Check| {
        let code = check.code;
        let own = findings.iter().filter(move |(by, _)| by.code == code);
        own.map(|(_, finding)| finding.effect)
    };
    let decides_the_same = effects(check).any(|effect| {
        matches!(effect, Effect::Decides(_) | Effect::NotReady)
            && effects(root).any(|one| one == effect)
    });
    let follows = check.yields() && root.rank < check.rank && decides_the_same;
    root.code != check.code
        && (follows || is_because(findings, check, root) || is_because(findings, root, check))
}

/// Whether the findings of one check are because of those of another, directly or by others.
fn is_because(findings: &[Found], check: &Check, other: &Check) -> bool {
    let mut chain = vec![check.name];
    let mut at = 0;
    while let Some(name) = chain.get(at).copied() {
        let own = findings.iter().filter(|(by, _)| by.name == name);
        for cause in own.filter_map(|(_, finding)| finding.because) {
            if !chain.contains(&cause) {
                chain.push(cause);
            }
        }
        at += 1;
    }
    check.name != other.name && chain.contains(&other.name)
}
