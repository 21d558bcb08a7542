//! What looks like a credential, in texts that people and programs write.
//!
//! Events, conditions and errors quote commands, URLs and variables. What is told of them goes without the values.

mod address;
mod text;

pub use address::{exemptions, image, path, url, without_user};
pub use text::without_credentials;

/// What stands in the place of a value.
pub const REDACTED: &str = "REDACTED";
