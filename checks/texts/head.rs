//! The words at which a grammar begins, and what it sees of the text from there.

use std::ops::Range;

use super::party::{is_other_envoy, is_other_mesh};
use super::reading::Reading;
use super::surroundings::Surroundings;
use super::words::Part;

/// How far a grammar reads on. Refusals of OpenShift and Kyverno are long.
const AHEAD: usize = 12_000;
/// How far it looks back.
const BACK: usize = 600;
/// How far around the words names tell whose they are.
const NEAR: usize = 300;

/// Words, and the grammar that begins at them.
pub(super) struct Anchor {
    /// In any case of letters.
    pub(super) words: &'static str,
    /// Reads on from there. None where the words mean nothing of this family.
    pub(super) read: fn(&Head<'_>) -> Option<Reading>,
}

/// Words of a grammar where they stand.
pub(super) struct Head<'t> {
    /// The normalised text.
    pub(super) text: &'t str,
    /// The words themselves.
    pub(super) at: Range<usize>,
    /// The record around them.
    pub(super) record: Range<usize>,
    /// Where the same words stand next.
    pub(super) next: usize,
    /// What the text is about besides.
    pub(super) surroundings: &'t Surroundings,
}

impl<'t> Head<'t> {
    /// What comes after the words, as far as it may belong to them.
    pub(super) fn rest(&self) -> Part<'t> {
        let end = self.record.end.min(self.next).min(self.at.end + AHEAD);
        Part::of(self.text, self.at.end..end.max(self.at.end))
    }

    /// What comes after the words up to the end of the message.
    pub(super) fn message(&self) -> Part<'t> {
        self.rest().message()
    }

    /// The words, as the text has them.
    pub(super) fn words(&self) -> Part<'t> {
        Part::of(self.text, self.at.clone())
    }

    /// What stands before the words in their record.
    pub(super) fn before(&self) -> Part<'t> {
        let start = self.record.start.max(self.at.start.saturating_sub(BACK));
        Part::of(self.text, start..self.at.start)
    }

    /// What stands before the words in their message.
    pub(super) fn before_in_message(&self) -> Part<'t> {
        let before = self.before();
        let start = before.text.rfind(super::words::is_boundary);
        start.map_or(before, |at| before.cut(at).1.cut(1).1)
    }

    /// Whether another mesh, or another user of Envoy, is named close to the words, and nothing of Istio.
    pub(super) fn is_of_others(&self) -> bool {
        let before = self.record.start.max(self.at.start.saturating_sub(NEAR));
        let after = self.record.end.min(self.at.end + NEAR);
        let near = Part::of(self.text, before..after);
        !near.has("istio") && (is_other_mesh(near.text) || is_other_envoy(near.text))
    }

    /// The words and all that is around them in their record.
    pub(super) fn around(&self) -> Part<'t> {
        Part::of(self.text, self.before().at..self.rest().end())
    }
}
