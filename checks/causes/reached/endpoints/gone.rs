//! istiod is gone.

use super::ready::ready;
use crate::causes::reached::explanation::Cause;
use crate::causes::reached::left_over::replace;
use crate::causes::reached::place::Place;

/// There is neither pod nor Deployment of istiod.
pub fn cause(place: &Place) -> Cause {
    Cause {
        words: "no Deployment of istiod is there for it".to_owned(),
        evidence: vec![ready(place), place.selector()],
        fixes: replace(place.case, place.destination, place.reference),
    }
}
