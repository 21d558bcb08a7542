//! The proxy of the API server, and what its no_proxy exempts.

mod apiserver_proxy;
mod explain;

use crate::causes::Check;

pub use explain::explain;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[&apiserver_proxy::CHECK];
