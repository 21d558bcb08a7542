//! The proxy of the API server, and what its no_proxy exempts.

mod apiserver_proxy;
mod exemptions;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&apiserver_proxy::CHECK];
