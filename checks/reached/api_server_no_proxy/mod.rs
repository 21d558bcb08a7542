//! The proxy of the API server, and what its no_proxy exempts.

mod explain;

pub use explain::explain;

crate::check::checks! { apiserver_proxy }
