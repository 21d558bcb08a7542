//! Annotations that istiod writes when it injects, and that a copied pod brings into a template.

use crate::causes::Verdict;
use crate::causes::fields::template_field;
use crate::causes::rendered::refused;
use crate::facts::Missing;
use crate::fixes::{Entry, patch_template};
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::{Case, Outcome, Refusal, names};

/// The finding that istiod cannot take such an annotation; or what to answer where there is none.
///
/// # Errors
/// [`Missing`] where it cannot be told.
pub fn judge(
    case: &Case,
    annotation: &str,
    matches: impl Fn(&Refusal) -> bool,
) -> Result<Verdict, Missing> {
    let words = |refusal: &Refusal| matches(refusal).then(|| refusal.to_string());
    let message = match refused(case, words)? {
        Ok((_, message)) => message,
        Err(verdict) => return Ok(verdict),
    };
    let (severity, effect) = match case.prediction().outcome {
        // After a crash, failurePolicy Ignore lets the pod pass without a sidecar.
        Outcome::NotInjected => (Severity::Warning, Effect::Decides(Outcome::NotInjected)),
        _ => (Severity::Error, Effect::Decides(Outcome::Rejected)),
    };
    let pod = case.pod()?;
    let all = [names::OVERRIDES, names::STATUS];
    let there = all
        .iter()
        .filter(|name| pod.annotations.contains_key(**name));
    let removed: Vec<Entry> = there
        .map(|name| (Field::Annotations, *name, None))
        .collect();
    let fix = patch_template(
        case,
        "take what istiod wrote out of the pod template",
        &removed,
        "new pods are made, and istiod writes its annotations itself",
    )?;
    // What it says may hold anything that the copied pod had.
    let field = template_field(case, Field::Annotations, annotation)?;
    let finding = Finding::new(severity, effect, message)
        .evidence(field.actual("none that istiod can read"))
        .fix(fix);
    Ok(Verdict::of([finding]))
}
