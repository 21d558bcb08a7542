//! The Service leads to another port of istiod.

use std::fmt;

use crate::way::reached::service::ServiceName;

/// The Service leads to a port of istiod that is not the one on which it serves its webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPort {
    /// The Service that is called.
    pub service: ServiceName,
    /// The port of the Service that is called.
    pub called: i32,
    /// The port of the endpoints.
    pub actual: i32,
    /// The port on which istiod serves.
    pub expected: i32,
}

impl fmt::Display for TargetPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            called,
            actual,
            expected,
        } = self;
        write!(
            f,
            "port {called} of {service} leads to port {actual} of istiod, which serves its webhooks on {expected}"
        )
    }
}
