//! The Service that the webhook calls.

mod explain;

pub use explain::{explain, replace};

crate::check::checks! { missing }
