//! Does the pod start, and does its proxy work?

mod application;
mod redirection;
mod start;
mod told;

use super::Check;

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[start::CHECKS, redirection::CHECKS, application::CHECKS];
