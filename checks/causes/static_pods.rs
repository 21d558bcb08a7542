//! Pods that the kubelet runs from a file on its node.

use crate::causes::Verdict;
use crate::facts::Missing;
use crate::way::{Case, is_static};

/// The verdict of a check that looks at what webhooks do: none but for static pods.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn of_static(case: &Case) -> Result<Option<Verdict>, Missing> {
    let words = "the kubelet runs a static pod without asking webhooks";
    Ok(is_static(case)?.then(|| Verdict::not_applicable(words)))
}
