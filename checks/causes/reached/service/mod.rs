//! The Service that the webhook calls: whether it is there, with the port, and of a type that can be called.

mod missing;
pub(super) mod port;
mod port_fixes;
mod unroutable;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&missing::CHECK, &port::CHECK, &unroutable::CHECK];
