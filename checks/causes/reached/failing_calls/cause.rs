//! Which cause the words of a failing call tell.

use crate::texts::{Transport, What};
use crate::way::Rejection;

/// The causes that the checks of this topic tell apart: each failing call has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The API server's host has no path to the address.
    Route,
    /// The words fit several.
    Untold,
}

impl Cause {
    /// The cause of a failing call, by the error in it.
    pub(super) fn of(failure: &Rejection) -> Self {
        let error = match failure.said.as_ref().map(|said| said.what) {
            Some(What::Call(call)) => call.error,
            _ => None,
        };
        match error {
            Some(Transport::NoRoute | Transport::Unreachable | Transport::AddressNotAllowed) => {
                Self::Route
            }
            _ => Self::Untold,
        }
    }
}
