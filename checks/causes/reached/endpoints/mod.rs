//! The endpoints behind the webhook's Service: whether they are ready, on the right port, and istiod's.

mod endpoint_cause;
mod explain;
mod no_endpoints;
mod pod_state;
mod port;
mod selector;
mod service_port;
mod service_selector;

use crate::causes::Check;

pub use explain::explain;
pub use selector::selector_for;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &no_endpoints::CHECK,
    &service_port::CHECK,
    &service_selector::CHECK,
];
