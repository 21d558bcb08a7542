//! What a check says: findings, their evidence, and the commands that heal.

mod command;
mod finding;
mod fix;
mod invisible;

pub use crate::facts::Evidence;
pub use command::{Command, quote};
pub use finding::{Effect, Finding, Severity};
pub use fix::{Fix, Risk};
pub use invisible::is_invisible;
