//! What the agent of the sidecar, Envoy, istio-init and istio-validation say.

mod capture;
mod certificates;
mod configuration;
mod listeners;
mod redirection;
mod waiting;

use super::head::Anchor;

pub use listeners::SIDECAR_PORTS;

/// What keeps the sidecar from working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proxy {
    /// No configuration came from istiod.
    NoConfiguration,
    /// istiod's name does not resolve.
    NoName,
    /// istiod does not take the sidecar's token.
    Unauthenticated,
    /// The token cannot be read.
    TokenUnreadable,
    /// istiod's certificate is not trusted.
    RootMismatch,
    /// istiod's certificate is for other names.
    CertificateName,
    /// istiod's certificate is no longer, or not yet valid.
    CertificateExpired,
    /// Envoy rejected what istiod sent.
    Rejected,
    /// Envoy may not bind a port below 1024.
    PrivilegedPort,
    /// A port is taken, or there are two listeners for it.
    PortTaken,
    /// Envoy does not run yet.
    NotStarted,
    /// istio-init could not write its rules.
    Iptables,
    /// istio-validation found no rules.
    NotRedirected,
    /// An init container has no network yet.
    InitContainerNetwork,
    /// Nobody may capture packets in the sidecar.
    CaptureDenied,
}

/// Where their grammars begin.
pub(super) const PROXIES: &[&[Anchor]] = &[
    listeners::ANCHORS,
    configuration::ANCHORS,
    certificates::ANCHORS,
    redirection::ANCHORS,
    waiting::ANCHORS,
    capture::ANCHORS,
];
