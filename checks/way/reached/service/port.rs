//! The Service has no such port.

use std::fmt;

use k8s_openapi::api::core::v1::{Service, ServicePort};

use super::name::ServiceName;

/// The Service has no such port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPort {
    /// The Service that is called.
    pub service: ServiceName,
    /// The port that the webhook calls.
    pub called: i32,
    /// The ports that the Service has.
    pub has: Vec<i32>,
}

impl fmt::Display for NoPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no port {}", self.service, self.called)
    }
}

/// The port of a Service that is called.
pub fn of(service: &Service, name: ServiceName, called: i32) -> Result<&ServicePort, NoPort> {
    let spec = service.spec.as_ref();
    let ports = spec
        .and_then(|spec| spec.ports.as_deref())
        .unwrap_or_default();
    // The API server asks for the number only, but nothing answers on a port of another protocol.
    let is_tcp = |port: &&ServicePort| matches!(port.protocol.as_deref(), None | Some("TCP"));
    let tcp: Vec<_> = ports.iter().filter(is_tcp).collect();
    let found = tcp.iter().find(|port| port.port == called);
    found.copied().ok_or_else(|| NoPort {
        service: name,
        called,
        has: tcp.iter().map(|port| port.port).collect(),
    })
}
