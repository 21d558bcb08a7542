//! The webhook that istiod does not look for.

use super::label::{self, Label};
use super::{entry_name, istios_name, revision_label};
use crate::causes::Check;
use crate::way::{Case, Destination};

/// The check that tells why istiod does not look for the webhook; none where it does, or nothing tells.
pub fn overlooked(case: &Case, destination: &Destination) -> Option<&'static Check> {
    match label::of(case, destination) {
        Label::Missing | Label::Other(_) => Some(&revision_label::CHECK),
        Label::Fine => istios_name::is_misnamed(destination).then_some(&entry_name::CHECK),
    }
}
