//! A caBundle by which istiod is not trusted, explained.

use super::bundles::bundles;
use super::label::{self, Label};
use super::{repair, revision_label};
use crate::causes::Check;
use crate::causes::reached::explanation::Explanation;
use crate::way::{Case, Destination};

/// The explanation of a caBundle that istiod would have kept right, had it found the webhook by its
/// label.
pub fn explained(
    case: &Case,
    destination: &Destination,
    by: &'static Check,
    message: String,
) -> Explanation {
    let label = label::of(case, destination);
    let unlabelled = matches!(label, Label::Missing | Label::Other(_));
    let mut explanation = Explanation::new(by, message)
        .evidence(bundles(case, destination))
        .evidence(unlabelled.then(|| label::evidence(case, destination)))
        .fixes(repair::fixes(case, destination, &label));
    explanation.because = unlabelled.then_some(&revision_label::CHECK);
    explanation
}
