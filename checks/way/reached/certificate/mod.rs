//! Is istiod's certificate in its time, and does it bear the name by which the API server calls it?

mod expired;
mod name;

pub use expired::Expired;
pub use name::{WrongName, named};
