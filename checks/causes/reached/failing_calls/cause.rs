//! Which cause the words of a failing call tell, and what is visible beside them.

use crate::facts::Missing;
use crate::texts::{Key, Transport, What};
use crate::way::reached::shut_off;
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
    /// The words fit several.
    Untold,
}

impl Cause {
    /// The cause of a failing call, by the error in it.
    ///
    /// # Errors
    /// [`Missing`] where it takes the NetworkPolicies to tell, and they were not read.
    pub(super) fn of(
        case: &Case,
        destination: &Destination,
        failure: &Rejection,
    ) -> Result<Self, Missing> {
        let error = match failure.said.as_ref().map(|said| said.what) {
            Some(What::Call(call)) => call.error,
            _ => None,
        };
        Ok(match error {
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
            Some(Transport::DialTimeout) if is_pod_dialled(failure) => Self::Firewall,
            _ => Self::Untold,
        })
    }
}

/// The address of a Service would be dialled at the port of the Service, and its packets may get lost anywhere.
fn is_pod_dialled(failure: &Rejection) -> bool {
    let port = failure
        .said
        .as_ref()
        .and_then(|said| said.value(Key::DialledPort));
    port.and_then(|port| port.parse().ok()) == Some(names::INJECTOR_PORT)
}

fn is_shut_off(case: &Case, destination: &Destination) -> Result<bool, Missing> {
    match destination.service() {
        Some(service) => Ok(shut_off(case, service)?.is_some()),
        None => Ok(false),
    }
}
