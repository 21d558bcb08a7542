//! Which cause the words of a failing call tell, and what is visible beside them.

use super::hanging::hanging;
use super::successor::successor;
use crate::facts::Missing;
use crate::texts::{Http, Key, Tls, Transport, What};
use crate::way::reached::{is_from_istiod, shut_off};
use crate::way::{Case, Destination, Rejection, names};

/// The causes that the checks of this topic tell apart: each failing call has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The API server's host has no path to the address.
    Route,
    /// A NetworkPolicy drops or refuses the connection.
    NetworkPolicy,
    /// A pod was dialled, and nothing answered.
    Firewall,
    /// istiod has no certificate, or one that its own authority did not sign.
    Certificate,
    /// API server and istiod accept nothing of TLS in common.
    Encryption,
    /// The connection is closed before there is an answer.
    Closed,
    /// istiod takes the call, and fails itself.
    Failing,
    /// The answer is no AdmissionReview of the version that was asked for.
    Answer,
    /// The control plane's tunnel to the nodes does not connect.
    Tunnel,
    /// The connection was one to an istiod that is gone.
    Stale,
    /// The words fit several.
    Untold,
}

impl Cause {
    /// The cause of a failing call, by the error in it.
    ///
    /// # Errors
    /// [`Missing`] where it takes the NetworkPolicies, istiod's Deployment and pods or the events about these to tell, and
    /// they were not read.
    pub(super) fn of(
        case: &Case,
        destination: &Destination,
        failure: &Rejection,
    ) -> Result<Self, Missing> {
        Ok(match error(failure) {
            Some(Transport::NoRoute | Transport::Unreachable | Transport::AddressNotAllowed) => {
                Self::Route
            }
            Some(
                Transport::Refused
                | Transport::DialTimeout
                | Transport::Deadline
                | Transport::NoConnection
                | Transport::NoHeaders,
            ) if is_shut_off(case, destination)? => Self::NetworkPolicy,
            Some(
                Transport::Deadline | Transport::NoHeaders | Transport::Tls(Tls::HandshakeTimeout),
            ) if hanging(case, destination, failure)?.is_some() => Self::Failing,
            Some(Transport::Http(Http::ServerError)) => Self::Failing,
            Some(Transport::ConnectionLost) => Self::Stale,
            Some(Transport::Deadline | Transport::NoHeaders)
                if successor(case, destination, failure)?.is_some() =>
            {
                Self::Stale
            }
            Some(Transport::NotAReview) => Self::Answer,
            Some(Transport::NoAgent) => Self::Tunnel,
            Some(Transport::DialTimeout) if is_pod_dialled(failure) => Self::Firewall,
            Some(Transport::Tls(Tls::Version)) => Self::Encryption,
            Some(Transport::Eof | Transport::Reset) => Self::Closed,
            Some(Transport::Tls(Tls::Internal)) => Self::Certificate,
            // The caBundle that istiod itself wrote is its own root.
            Some(Transport::Tls(Tls::UnknownAuthority)) if is_from_istiod(case, destination) => {
                Self::Certificate
            }
            _ => Self::Untold,
        })
    }
}

/// The error that a refusal tells; none where it is not known.
pub(super) fn error(failure: &Rejection) -> Option<Transport> {
    match failure.said.as_ref()?.what {
        What::Call(call) => call.error,
        _ => None,
    }
}

/// The address of a Service would be dialled at the port of the Service, and its packets may get lost anywhere.
fn is_pod_dialled(failure: &Rejection) -> bool {
    let said = failure.said.as_ref();
    let port = said.and_then(|said| said.value(Key::DialledPort)?.parse().ok());
    port == Some(names::INJECTOR_PORT)
}

fn is_shut_off(case: &Case, destination: &Destination) -> Result<bool, Missing> {
    match destination.service() {
        Some(service) => Ok(shut_off(case, service)?.is_some()),
        None => Ok(false),
    }
}
