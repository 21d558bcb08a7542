//! Stage 0: what concerns the mesh as a whole, or the reading of it.

mod access;

use crate::causes::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[access::CHECKS];
