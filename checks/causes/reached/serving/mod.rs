//! The injector in istiod: on, and at the path that is called.

mod config_map;
mod disabled;
mod not_serving;
mod wrong_path;

use crate::causes::Check;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&not_serving::CHECK];
