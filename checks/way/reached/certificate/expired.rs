//! A certificate of the chain is out of its time.

use std::fmt;

/// A certificate of the chain is out of its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The webhook configuration.
    pub webhook: String,
    /// Which certificate, and since when.
    pub why: String,
}

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { webhook, why } = self;
        write!(f, "caBundle of {webhook} holds istiod's root, but {why}")
    }
}
