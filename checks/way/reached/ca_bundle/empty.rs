//! There is no caBundle: no public authority vouches for the name of a Service.

use std::fmt;

use super::bytes::ca_bundle;
use crate::way::reached::step::Entry;

/// caBundle is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Empty {
    /// The webhook configuration.
    pub webhook: String,
}

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "caBundle of {} is empty", self.webhook)
    }
}

/// Whether there is a caBundle at all.
pub fn not_empty(entry: Entry) -> Result<(), Empty> {
    match ca_bundle(entry.webhook) {
        [] => Err(Empty {
            webhook: entry.name(),
        }),
        _ => Ok(()),
    }
}
