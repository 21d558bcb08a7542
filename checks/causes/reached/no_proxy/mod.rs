//! The proxy of the API server, and what its no_proxy exempts.

mod exemptions;
mod proxied;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&proxied::CHECK];
