//! Whether istiod lets Prometheus scrape the pod.

use super::Refusal;
use super::mesh::mesh;
use crate::facts::Missing;
use crate::rules::prometheus::{Scraping, scraping};
use crate::way::Case;
use crate::way::{Istiod, JudgedPod};

/// Why istiod does not let Prometheus scrape the pod, if so: since 1.31. Where a version may be older, what a newer one
/// accepts is accepted by all.
pub(super) fn unscrapable(
    case: &Case,
    istiod: &Istiod,
    pod: &JudgedPod,
) -> Result<Option<Refusal>, Missing> {
    let concerned = pod
        .annotations
        .keys()
        .any(|key| key.starts_with("prometheus"));
    let is_checked = istiod.version.agreed(|number| number.minor >= 31);
    if !concerned || is_checked == Ok(false) {
        return Ok(None);
    }
    let refusal = match scraping(&pod.annotations, mesh(case, istiod)?.merging) {
        Scraping::Accepted => return Ok(None),
        Scraping::Refused {
            annotation,
            message,
            ..
        } => Refusal::Scrape {
            annotation,
            message,
        },
        Scraping::CannotTell { annotations } => {
            return Err(Missing(format!(
                "annotations {} mean the same to Prometheus, and istiod takes any of them",
                annotations.join(", ")
            )));
        }
    };
    is_checked.map(|_| Some(refusal))
}
