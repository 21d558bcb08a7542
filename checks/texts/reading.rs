//! What is read from the normalised text, before its places are led back to the text as it was given.

use std::ops::Range;

use super::What;
use super::value::Key;
use super::words::Part;

/// Something that a text says.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) what: What,
    pub(super) range: Range<usize>,
    pub(super) values: Vec<(Key, Range<usize>)>,
}

/// The values that a grammar finds on its way.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    list: Vec<(Key, Range<usize>)>,
}

impl Values {
    /// Adds a value, unless it is empty or there is one of this key.
    pub(super) fn add(&mut self, key: Key, part: Part) {
        if !part.is_empty() && !self.has(key) {
            self.list.push((key, part.range()));
        }
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.list.iter().any(|(one, _)| *one == key)
    }

    /// The text of a value.
    pub(super) fn text<'t>(&self, key: Key, text: &'t str) -> Option<&'t str> {
        let found = self.list.iter().find(|(one, _)| *one == key);
        found.and_then(|(_, range)| text.get(range.clone()))
    }

    /// What was read, from the beginning of a part to the end of another.
    pub(super) fn into_reading(self, what: What, start: usize, end: usize) -> Reading {
        let values = self.list;
        let start = values
            .iter()
            .map(|(_, range)| range.start)
            .fold(start, usize::min);
        let end = values
            .iter()
            .map(|(_, range)| range.end)
            .fold(end, usize::max);
        Reading {
            what,
            range: start..end,
            values,
        }
    }
}
