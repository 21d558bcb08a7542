//! A caBundle by which istiod is not trusted, explained.

use super::bundles::bundles;
use super::forbidden::forbidden;
use super::label::{self, Label};
use super::overlooked::overlooked;
use super::{cannot_patch, fought_over, istios_name, repair};
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
    let misnamed = istios_name::is_misnamed(destination);
    let mut explanation = Explanation::new(by, message)
        .evidence(bundles(case, destination))
        .evidence(unlabelled.then(|| label::evidence(case, destination)))
        .evidence(misnamed.then(|| istios_name::evidence(destination)))
        .fixes(repair::fixes(case, destination, &label));
    explanation.because = because(case, destination);
    explanation
}

/// The check that tells why istiod does not keep the caBundle right; none where nothing tells.
fn because(case: &Case, destination: &Destination) -> Option<&'static Check> {
    let overlooked = overlooked(case, destination);
    overlooked.or_else(|| match forbidden(case, destination) {
        Ok(Some(_)) => Some(&cannot_patch::CHECK),
        Ok(None) => fought_over::is_fought_over(case, destination).then_some(&fought_over::CHECK),
        Err(_) => None,
    })
}
