//! The symbols before a line.

use crate::render::page::{Span, Style};

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Nobody knows.
    Unknown,
    /// It does not come to that.
    Pointless,
}

impl Mark {
    /// The symbol, two columns wide where it is ASCII.
    pub fn symbol(self, unicode: bool) -> &'static str {
        match (self, unicode) {
            (Self::Yes, true) => "✓",
            (Self::No, true) => "✗",
            (Self::Unknown, true) => "?",
            (Self::Pointless, true) => "–",
            (Self::Yes, false) => "ok",
            (Self::No, false) => "NO",
            (Self::Unknown, false) => "??",
            (Self::Pointless, false) => "--",
        }
    }

    /// The symbol, coloured; `bad` is how bad a no is here.
    pub fn span(self, unicode: bool, bad: Style) -> Span {
        let style = match self {
            Self::Yes => Style::Good,
            Self::No => bad,
            Self::Unknown => Style::Warning,
            Self::Pointless => Style::Faint,
        };
        Span::new(style, self.symbol(unicode))
    }

    /// The columns that it takes, with a blank behind it.
    pub fn width(unicode: bool) -> usize {
        if unicode { 2 } else { 3 }
    }
}
