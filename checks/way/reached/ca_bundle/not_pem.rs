//! caBundle holds something else than certificates.

use std::fmt;

use super::bytes::ca_bundle;
use crate::way::Case;
use crate::way::reached::step::Entry;

/// caBundle holds no certificate in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPem {
    /// The webhook configuration.
    pub webhook: String,
}

impl fmt::Display for NotPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "caBundle of {} holds no PEM certificate", self.webhook)
    }
}

/// Whether the API server can make a client of caBundle; an empty one stands for the system's roots.
pub fn readable(case: &Case, entry: Entry) -> Result<(), NotPem> {
    match case.bundle(ca_bundle(entry.webhook)).problem {
        Some(_) => Err(NotPem {
            webhook: entry.name(),
        }),
        None => Ok(()),
    }
}
