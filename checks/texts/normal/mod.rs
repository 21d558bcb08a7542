//! A text as its writer meant it, with the way back to what was given.
//!
//! Terminals, log collectors, JSON and chats wrap, escape, colour and quote a message. Here that is undone:
//! what is left has one line for each record, single spaces, and plain quotes.

mod characters;
mod records;

use std::ops::Range;

use super::words::{BOUNDARY, ceil, floor};

/// What stands in place of a line break in the middle of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glue {
    /// The text was wrapped between words.
    Space,
    /// The text was wrapped at a column, in the middle of words.
    Nothing,
}

/// From here on, both texts go side by side.
#[derive(Clone, Copy, Debug)]
struct Run {
    normal: usize,
    original: usize,
}

/// A text without what its carriers added.
#[derive(Debug)]
pub(super) struct Normal<'o> {
    /// The text, a line for each record.
    pub(super) text: String,
    original: &'o str,
    runs: Vec<Run>,
    records: Vec<usize>,
    /// Lines that go on on the next one.
    joins: usize,
    /// Those of them that are as wide as the text.
    full_joins: usize,
}

impl<'o> Normal<'o> {
    pub(super) fn of(original: &'o str, glue: Glue) -> Self {
        let mut normal = Self {
            text: String::with_capacity(original.len()),
            original,
            runs: Vec::new(),
            records: vec![0],
            joins: 0,
            full_joins: 0,
        };
        records::write(original, glue, &mut normal);
        normal
    }

    /// Whether lines may have been broken in the middle of words.
    pub(super) fn may_be_cut(&self) -> bool {
        self.full_joins > 0
    }

    /// Whether lines were broken in the middle of words: several, and all at the same column.
    pub(super) fn is_cut(&self) -> bool {
        self.full_joins > 1 && self.full_joins == self.joins
    }

    /// The record around a place.
    pub(super) fn record(&self, at: usize) -> Range<usize> {
        let next = self.records.partition_point(|start| *start <= at);
        let start = next.checked_sub(1).and_then(|one| self.records.get(one));
        let end = self
            .records
            .get(next)
            .map_or(self.text.len(), |next| next - 1);
        start.copied().unwrap_or(0)..end
    }

    /// A part of the text as it was given.
    pub(super) fn original(&self, place: &Range<usize>) -> &'o str {
        self.original.get(place.clone()).unwrap_or_default()
    }

    /// Where something stands in the text as it was given.
    pub(super) fn place(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.original_of(range.start);
        let end = match range.end.checked_sub(1) {
            Some(last) if range.end > range.start => self.original_of(last) + 1,
            _ => start,
        };
        let start = floor(self.original, start);
        start..ceil(self.original, end).max(start)
    }

    fn original_of(&self, at: usize) -> usize {
        let next = self.runs.partition_point(|run| run.normal <= at);
        let run = next.checked_sub(1).and_then(|one| self.runs.get(one));
        run.map_or(at, |run| run.original + (at - run.normal))
    }

    /// Adds what stands at a place of the original.
    fn push(&mut self, c: char, original: usize) {
        let goes_on = self
            .runs
            .last()
            .is_some_and(|run| run.original + (self.text.len() - run.normal) == original);
        if !goes_on {
            self.runs.push(Run {
                normal: self.text.len(),
                original,
            });
        }
        self.text.push(c);
    }

    /// Adds a space, unless there is one.
    fn space(&mut self, original: usize) {
        if !self.text.ends_with([' ', '\n', BOUNDARY]) && !self.text.is_empty() {
            self.push(' ', original);
        }
    }

    /// Begins the next record.
    fn record_begins(&mut self, original: usize) {
        if self.text.is_empty() {
            return;
        }
        self.push('\n', original);
        self.records.push(self.text.len());
    }
}
