//! A caBundle by which istiod is not trusted, explained.

use super::bundles::bundles;
use super::label::{self, Label};
use super::{cannot_patch, entry_name, fought_over, repair, revision_label};
use crate::causes::Check;
use crate::causes::reached::explanation::Explanation;
use crate::way::{Case, Destination, Obstacle};

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
    explanation.because = because(case, destination);
    explanation
}

/// The check that tells why istiod does not keep the caBundle right; none where nothing tells.
fn because(case: &Case, destination: &Destination) -> Option<&'static Check> {
    let overlooked = overlooked(case, destination);
    overlooked.or_else(|| match cannot_patch::forbidden(case, destination) {
        Ok(Some(_)) => Some(&cannot_patch::CHECK),
        Ok(None) => fought_over::is_fought_over(case, destination).then_some(&fought_over::CHECK),
        Err(_) => None,
    })
}

/// The check that tells why istiod does not look for the webhook; none where it does, or nothing tells.
pub fn overlooked(case: &Case, destination: &Destination) -> Option<&'static Check> {
    match label::of(case, destination) {
        Label::Missing | Label::Other(_) => Some(&revision_label::CHECK),
        Label::Fine => entry_name::is_misnamed(destination).then_some(&entry_name::CHECK),
    }
}

/// Whether an obstacle is that istiod is not trusted.
pub fn is_distrust(obstacle: &Obstacle) -> bool {
    use Obstacle::{Empty, Mismatch, NotPem};
    matches!(obstacle, Empty(_) | NotPem(_) | Mismatch(_))
}
