//! No endpoint is ready.

use std::fmt;

use crate::way::reached::service::ServiceName;

/// No endpoint is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoEndpoints {
    /// The Service that is called.
    pub service: ServiceName,
    /// How many endpoints there are that are not ready.
    pub unready: usize,
    /// Of addresses that were written by hand, which nothing in the cluster looks after: what the API server says of a call
    /// to them.
    pub silent: Option<String>,
}

impl fmt::Display for NoEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            unready,
            silent,
        } = self;
        if let Some(error) = silent {
            return write!(f, "nothing answers at the addresses of {service} ({error})");
        }
        match unready {
            0 => write!(f, "{service} has no endpoints"),
            1 => write!(f, "the endpoint of {service} is not ready"),
            _ => write!(f, "none of the {unready} endpoints of {service} is ready"),
        }
    }
}
