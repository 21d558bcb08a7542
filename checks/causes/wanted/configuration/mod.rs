//! The injector's ConfigMap as a whole.

mod stale;
mod wrong_revision;

use crate::causes::{Check, Verdict};
use crate::facts::Missing;
use crate::report::Finding;
use crate::way::{Case, Istiod, Outcome};

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&stale::CHECK, &wrong_revision::CHECK];

/// What is found about each istiod that is asked about the pod.
///
/// # Errors
/// [`Missing`] where it cannot be told which are, or something about them was not read.
fn of_each_istiod(
    case: &Case,
    look: impl Fn(&Istiod) -> Result<Vec<Finding>, Missing>,
) -> Result<Verdict, Missing> {
    let prediction = case.prediction();
    let mut findings = Vec::new();
    let mut is_any = false;
    for istiod in prediction.istiods() {
        findings.extend(look(istiod)?);
        is_any = true;
    }
    match prediction.outcome {
        _ if is_any => Ok(Verdict::of(findings)),
        Outcome::Unknown => Err(Missing(prediction.because.clone())),
        _ => Ok(Verdict::not_applicable("no istiod is asked about the pod")),
    }
}
