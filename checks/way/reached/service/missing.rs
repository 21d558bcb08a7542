//! There is no such Service.

use std::fmt;

use super::name::ServiceName;

/// There is no such Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoService {
    /// The Service that is called.
    pub service: ServiceName,
}

impl fmt::Display for NoService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not exist", self.service)
    }
}
