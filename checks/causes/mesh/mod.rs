//! Stage 0: what concerns the mesh as a whole, or the reading of it.

mod access;
mod control_planes;
mod validators;

use crate::causes::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] =
    &[access::CHECKS, control_planes::CHECKS, validators::CHECKS];
