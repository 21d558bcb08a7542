//! A part of a text, and the small steps by which a grammar walks along it.

use std::ops::Range;

use aho_corasick::AhoCorasick;

/// Stands where a message ends within a record: at the quotes around a string of JSON or of `key="value"`.
pub(super) const BOUNDARY: char = '\u{1e}';

/// Whether a character ends a message.
pub(super) fn is_boundary(c: char) -> bool {
    matches!(c, BOUNDARY | '\n')
}

/// The longest name that is read between quotes. Names of Kubernetes have 253 characters at most.
const LONGEST_NAME: usize = 300;

/// A part of the normalised text that knows where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Part<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    /// The part of a text within a range that is moved to the next borders of characters.
    pub(super) fn of(text: &'t str, range: Range<usize>) -> Self {
        let end = floor(text, range.end);
        let start = ceil(text, range.start).min(end);
        Self::new(text.get(start..end).unwrap_or_default(), start)
    }

    pub(super) fn range(self) -> Range<usize> {
        self.at..self.end()
    }

    pub(super) fn end(self) -> usize {
        self.at + self.text.len()
    }

    /// What is before and what is after a place of this part.
    pub(super) fn cut(self, at: usize) -> (Self, Self) {
        match self.text.split_at_checked(at) {
            Some((before, after)) => (
                Self::new(before, self.at),
                Self::new(after, self.at + before.len()),
            ),
            None => (self, Self::new("", self.end())),
        }
    }

    /// What is before and what is after some words.
    pub(super) fn split(self, words: &str) -> Option<(Self, Self)> {
        let at = self.text.find(words)?;
        let (before, rest) = self.cut(at);
        Some((before, rest.cut(words.len()).1))
    }

    pub(super) fn after(self, words: &str) -> Option<Self> {
        self.split(words).map(|(_, after)| after)
    }

    /// What is before some words; all of it where they are not there.
    pub(super) fn until(self, words: &str) -> Self {
        self.split(words).map_or(self, |(before, _)| before)
    }

    /// What is up to the end of the message.
    pub(super) fn message(self) -> Self {
        let end = self.text.find(is_boundary).unwrap_or(self.text.len());
        self.cut(end).0
    }

    /// What comes after these words, if it begins with them, in any case.
    pub(super) fn strip(self, words: &str) -> Option<Self> {
        let part = self.trim_start();
        let (begin, rest) = part.cut(words.len());
        (begin.text.eq_ignore_ascii_case(words)).then_some(rest)
    }

    pub(super) fn trim_start(self) -> Self {
        let trimmed = self.text.trim_start();
        Self::new(trimmed, self.end() - trimmed.len())
    }

    pub(super) fn trim_end_of(self, of: &[char]) -> Self {
        Self::new(self.text.trim_end_matches(of), self.at)
    }

    pub(super) fn trim(self) -> Self {
        let part = self.trim_start();
        Self::new(part.text.trim_end(), part.at)
    }

    /// The characters at the beginning that are of a kind, and the rest.
    pub(super) fn take(self, is: impl Fn(char) -> bool) -> (Self, Self) {
        let end = self.text.find(|c| !is(c)).unwrap_or(self.text.len());
        self.cut(end)
    }

    /// What stands in quotes of any kind at the beginning, and what comes after them.
    pub(super) fn quoted(self) -> Option<(Self, Self)> {
        let part = self.trim_start();
        let mut characters = part.text.char_indices();
        let (_, open) = characters.next()?;
        let close = match open {
            '"' | '\'' | BOUNDARY => open,
            '`' => '\'',
            _ => return None,
        };
        let within = |(at, _): &(usize, char)| *at <= LONGEST_NAME;
        let is_close = |c| c == close || open == '`' && c == '`';
        let (end, _) = characters.take_while(within).find(|(_, c)| is_close(*c))?;
        let (inside, rest) = part.cut(end);
        Some((inside.cut(1).1, rest.cut(1).1))
    }

    /// The next quoted name that is not far away.
    pub(super) fn next_quoted(self) -> Option<(Self, Self)> {
        let at = self
            .text
            .find(|c| matches!(c, '"' | '\'' | '`' | BOUNDARY))?;
        self.cut(at).1.quoted()
    }

    /// The word at the beginning, without the punctuation after it, and what comes after it.
    pub(super) fn word(self) -> (Self, Self) {
        let part = self.trim_start();
        let is_part =
            |c: char| !c.is_whitespace() && !is_boundary(c) && !"\"'`,;()[]{}".contains(c);
        let (word, rest) = part.take(is_part);
        (word.trim_end_of(&[':', '.']), rest)
    }

    /// A quoted name, or else the word at the beginning.
    pub(super) fn name(self) -> (Self, Self) {
        self.quoted().unwrap_or_else(|| self.word())
    }

    pub(super) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// Whether some words are in it, in any case.
    pub(super) fn has(self, words: &str) -> bool {
        has(self.text, words)
    }
}

/// Words of which any may be in a text, in any case. A text is read once for all of them.
pub(super) struct AnyOf(Option<AhoCorasick>);

impl AnyOf {
    pub(super) fn new(words: &[&str]) -> Self {
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(words);
        Self(automaton.ok())
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|words| words.is_match(text))
    }
}

/// Whether some words are in a text, in any case. They are given in lower case.
pub(super) fn has(text: &str, words: &str) -> bool {
    let (mut rest, words) = (text.as_bytes(), words.as_bytes());
    let Some(first) = words.first() else {
        return true;
    };
    let upper = first.to_ascii_uppercase();
    while let Some(at) = rest.iter().position(|byte| byte == first || *byte == upper) {
        rest = rest.get(at..).unwrap_or_default();
        match rest.get(..words.len()) {
            Some(begin) if begin.eq_ignore_ascii_case(words) => return true,
            Some(_) => rest = rest.get(1..).unwrap_or_default(),
            None => return false,
        }
    }
    false
}

/// Whether a whole word is in a text, in this case.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let is_end = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, found)| {
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        let after = rest.strip_prefix(found).unwrap_or_default();
        is_end(before.chars().next_back()) && is_end(after.chars().next())
    })
}

/// The border of characters at a place, or the next one before it.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The border of characters at a place, or the next one after it.
pub(super) fn ceil(text: &str, at: usize) -> usize {
    let rest = at..=text.len();
    rest.into_iter()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}
