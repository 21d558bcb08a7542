//! What istiod says to a value.

/// An answer in three values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted.
    Valid,
    /// Refused, and why, in words that follow "refused because".
    Invalid(String),
    /// It depends on something that is not decided here, and on what.
    CannotTell(String),
}

impl Verdict {
    /// The one that says more against the value.
    pub(crate) fn worse(self, other: Verdict) -> Verdict {
        match (&self, &other) {
            (Verdict::Invalid(_), _) => self,
            (_, Verdict::Invalid(_)) | (Verdict::Valid, _) => other,
            (Verdict::CannotTell(_), _) => self,
        }
    }
}
