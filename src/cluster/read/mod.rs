//! Asking the API server: `reader` sends the requests, `trouble` is what goes wrong with one of them,
//! and `tally` is what all answers together say about the server.

mod reader;
mod tally;
mod trouble;

pub use reader::{Readable, Reader, Selection};
pub use trouble::{Trouble, words};
