//! The endpoints behind the webhook's Service: whether they are ready, on the right port, and istiod's.

mod explain;
mod pod_state;
mod port;
mod selector;
mod why;

pub use explain::explain;
pub use selector::selector_for;

crate::check::checks! { no_endpoints, service_port, service_selector }
