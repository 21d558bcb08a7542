//! What a check says: findings, their evidence, and the commands that heal.

mod command;
mod diagnosis;
mod evidence;
mod finding;
mod fix;
mod invisible;

pub use command::{Command, quote};
pub use diagnosis::{CheckResult, Diagnosis, Status};
pub use evidence::Evidence;
pub use finding::{Effect, Finding, Severity};
pub use fix::{Fix, Risk};
pub use invisible::is_invisible;
