//! Asking the API server: `reader` sends the requests, `pages` those of a list, `receive` takes in the answers within limits,
//! `answer` compares them with what was asked; `trouble` is what goes wrong with one of them, and
//! `tally` what all of them say together about the server.

mod answer;
mod form;
mod pages;
mod reader;
mod receive;
mod tally;
mod trouble;

use std::borrow::Cow;

pub use reader::{Readable, Reader, Selection, can_be_a_name, fact_of};
pub use trouble::{Trouble, words};

/// A text of somebody else's, at most so many bytes of it; what is left out is marked with `…`.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let mut length = 0;
    let fits = |c: &char| {
        length += c.len_utf8();
        length <= most
    };
    let start: String = text.chars().take_while(fits).collect();
    Cow::Owned(start + "…")
}
