//! Calls that fail although nothing visible is in their way: what their words tell of the cause.
//!
//! [`standing`] has the calls that fail now, [`cause`] which cause the words of each tell; a file for each check
//! explains one.

mod cause;
mod firewall;
mod network_policy;
mod no_route;
mod standing;
mod untold;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[
    &untold::CHECK,
    &no_route::CHECK,
    &network_policy::CHECK,
    &firewall::CHECK,
];
