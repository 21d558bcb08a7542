//! What a check says: findings, their evidence, and the commands that heal.

mod change;
mod command;
mod finding;
mod fix;
mod invisible;
mod together;

pub use crate::facts::Evidence;
pub use change::{Change, Field, Object, Operation, Patch, Way, recreate};
pub use command::{Command, quote};
pub use finding::{Difference, Effect, Finding, Severity};
pub use fix::{After, Does, Fix, Next, Restart, Risk, Step};
pub use invisible::is_invisible;
pub use together::{Numbers, Together};
