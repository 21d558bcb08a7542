//! Whether istiod lets Prometheus scrape the pod.

use super::Refusal;
use super::mesh::mesh;
use crate::facts::Missing;
use crate::rules::prometheus::{Scraping, scraping};
use crate::way::Case;
use crate::way::{Istiod, JudgedPod};

/// Why istiod does not let Prometheus scrape the pod, if so: since 1.31.
pub(super) fn unscrapable(
    case: &Case,
    istiod: &Istiod,
    pod: &JudgedPod,
) -> Result<Option<Refusal>, Missing> {
    let concerned = pod
        .annotations
        .keys()
        .any(|key| key.starts_with("prometheus"));
    if !concerned || istiod.minor.is_some_and(|minor| minor < 31) {
        return Ok(None);
    }
    match scraping(&pod.annotations, mesh(case, istiod)?.merging) {
        Scraping::Accepted => Ok(None),
        Scraping::Refused {
            annotation,
            message,
            ..
        } => Ok(Some(Refusal::Scrape(format!(
            "annotation {annotation}: {message}"
        )))),
        Scraping::CannotTell { annotations } => Err(Missing(format!(
            "annotations {} mean the same to Prometheus, and istiod takes any of them",
            annotations.join(", ")
        ))),
    }
}
