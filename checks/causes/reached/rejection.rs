//! The refusal of a pod, in which the API server tells why a call failed, as evidence.

use crate::report::Evidence;
use crate::way::Case;

/// The refusal that stands, if one does.
pub fn evidence(case: &Case) -> Option<Evidence> {
    let rejection = case.observation().rejection.clone()?;
    Some(Evidence::new(rejection.source, ".message").actual(rejection.message))
}
