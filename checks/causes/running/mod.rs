//! Does the pod start, and does its proxy work?

mod application;
mod proxy;
mod start;
mod told;

use super::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[start::CHECKS, proxy::CHECKS, application::CHECKS];
