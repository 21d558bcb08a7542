//! A caBundle by which istiod is not trusted, explained.

use super::bundles::bundles;
use super::label::{self, Label};
use super::{cannot_patch, entry_name, repair, revision_label};
use crate::causes::Check;
use crate::causes::reached::explanation::Explanation;
use crate::way::{Case, Destination};

/// The explanation of a caBundle that istiod would have kept right, had it found the webhook by its
/// label and the entry by its name, and were it allowed to.
pub fn explained(
    case: &Case,
    destination: &Destination,
    by: &'static Check,
    message: String,
) -> Explanation {
    let label = label::of(case, destination);
    let unlabelled = matches!(label, Label::Missing | Label::Other(_));
    let misnamed = entry_name::is_misnamed(destination);
    let mut explanation = Explanation::new(by, message)
        .evidence(bundles(case, destination))
        .evidence(unlabelled.then(|| label::evidence(case, destination)))
        .evidence(misnamed.then(|| entry_name::evidence(destination)))
        .fixes(repair::fixes(case, destination, &label));
    explanation.because = match (unlabelled, misnamed) {
        (true, _) => Some(&revision_label::CHECK),
        (false, true) => Some(&entry_name::CHECK),
        (false, false) => cannot_patch::forbidden(case, destination)
            .ok()
            .flatten()
            .map(|_| &cannot_patch::CHECK),
    };
    explanation
}
