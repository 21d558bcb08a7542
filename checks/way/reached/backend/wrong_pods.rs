//! The Service leads to something else.

use std::fmt;

use crate::way::reached::service::ServiceName;

/// The Service leads to pods that are no istiod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongPods {
    /// The Service that is called.
    pub service: ServiceName,
    /// The names of the pods.
    pub pods: Vec<String>,
}

impl fmt::Display for WrongPods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pods = self.pods.join(", ");
        write!(f, "{} leads to {pods}, not to istiod", self.service)
    }
}
