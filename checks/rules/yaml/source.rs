//! The events of a text, as the port of libyaml in Go has them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Error, ErrorKind, Event, EventData, Parser, ScalarStyle};

use super::Unread;
use super::differences::{
    begins_with_empty_brackets, commas_in_tags, has_escaped_slash, has_long_version, is_break,
    is_long,
};

/// A letter that texts hardly have: it stands for a colon which is a letter to the Go port, and not to the one used here.
const COLON: char = '\u{f8ff}';

/// How often a text is tried.
const TRIES: usize = 64;

/// A text, changed until both ports read the same.
pub(super) struct Source {
    text: String,
    /// Whether the end of the last line was added.
    completed: bool,
}

impl Source {
    /// Takes a text in.
    pub(super) fn new(text: &str) -> Result<Self, Unread> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let unknown = |what: &str| Err(Unread::CannotTell(format!("it has {what}")));
        if text.contains('\u{feff}') {
            return unknown("a byte order mark within");
        }
        if text.contains(COLON) {
            return unknown(&format!("the character {COLON:?}"));
        }
        if begins_with_empty_brackets(text) {
            return unknown("empty brackets, and more behind them");
        }
        // The port used here gives up where the end of a text comes too early.
        let completed = !text.ends_with(is_break);
        let last = text.rsplit(is_break).next().unwrap_or_default();
        if completed && !last.is_empty() && last.trim().is_empty() && text.contains(['|', '>']) {
            return unknown("a last line of blanks without an end");
        }
        let end = if completed { "\n" } else { "" };
        Ok(Self {
            text: format!("{text}{end}"),
            completed,
        })
    }

    /// The events of the first document; none without one.
    pub(super) fn events(mut self) -> Result<Vec<EventData>, Unread> {
        for _ in 0..TRIES {
            self.settle_tags()?;
            // It has panicked on some texts, none of which is known to come this far.
            let Ok((events, error)) = catch_unwind(AssertUnwindSafe(|| events(&self.text))) else {
                break;
            };
            match error {
                None => {
                    self.look_behind(&events)?;
                    return events
                        .into_iter()
                        .map(|event| self.restored(event))
                        .collect();
                }
                Some(error) if self.heal(&error).is_some() => {}
                Some(error) => return Err(self.refusal(&events, &error)),
            }
        }
        Err(Unread::CannotTell("it is too unusual".to_owned()))
    }

    /// To the Go port a comma is a part of the tag that it stands behind; the one used here gives up in brackets. An
    /// unknown tag is as good as another, but only a try tells whether something is a tag.
    fn settle_tags(&mut self) -> Result<(), Unread> {
        let commas = commas_in_tags(&self.text);
        if commas.len() > TRIES {
            return Err(Unread::CannotTell(
                "it has many exclamation marks".to_owned(),
            ));
        }
        let mut tried = replaced(&self.text, &commas, "^");
        for comma in commas {
            let (events, error) = events(&tried);
            let is_tag = match &error {
                Some(error) => match position(error) {
                    // It was found later than it stands, from a place where the port used here may have given up.
                    Some(at) if at < comma && error.kind() == ErrorKind::Parser => {
                        return Err(self.refusal(&events, error));
                    }
                    Some(at) if at < comma => return Ok(()),
                    at => at == Some(comma) && is_about_tag(error),
                },
                None => false,
            };
            let settled = if is_tag { "~" } else { "," };
            tried.replace_range(comma..=comma, settled);
            self.text.replace_range(comma..=comma, settled);
        }
        Ok(())
    }

    /// Changes the text where only the port used here refuses it; none elsewhere.
    fn heal(&mut self, error: &Error) -> Option<()> {
        let at = position(error)?;
        let rest = self.text.get(at..)?;
        let (length, replacement) = match error.problem() {
            "found unexpected ':'" if rest.starts_with(':') => (1, COLON.to_string()),
            "found unknown escape character" if rest.starts_with("\\'") => (2, "\\x27".to_owned()),
            // Any tag with such a character is an unknown one, and so is any with another in its place.
            _ if is_about_tag(error) && rest.starts_with([',', '[', ']']) => (1, "~".to_owned()),
            _ => return None,
        };
        self.text.replace_range(at..at + length, &replacement);
        Some(())
    }

    /// What follows from an error, which may stand behind the document, where the Go port does not look as far.
    fn refusal(&self, events: &[Event], error: &Error) -> Unread {
        let unknown =
            || Unread::CannotTell("what is behind the first document is wrong".to_owned());
        match position(error) {
            None if self.is_late_control_character() => unknown(),
            // One port counts bytes, the other characters, for the length of a key.
            Some(at) if is_long(self.line(at)) => Unread::CannotTell(
                "it has a line of more than 1024 bytes, not all of them ASCII".to_owned(),
            ),
            Some(_) if is_complete(events) && self.behind(events).contains(['[', '{']) => unknown(),
            _ => Unread::Refused(error.to_string()),
        }
    }

    /// The line that a position is in.
    fn line(&self, at: usize) -> &str {
        let (before, behind) = self.text.split_at_checked(at).unwrap_or_default();
        let before = before.rsplit(is_break).next().unwrap_or_default();
        let behind = behind.split(is_break).next().unwrap_or_default();
        let start = at - before.len();
        self.text.get(start..at + behind.len()).unwrap_or_default()
    }

    /// Fails where the Go port may find fault with what is behind the document.
    fn look_behind(&self, events: &[Event]) -> Result<(), Unread> {
        let behind = self.behind(events);
        let is_marker = behind.starts_with("---") || behind.starts_with("...");
        let is_odd = behind.starts_with('%')
            || behind.contains("\\/")
            || behind.contains('?') && behind.contains(['[', '{']);
        match is_odd && !is_marker {
            true => Err(Unread::CannotTell(
                "it has unusual things behind the first document".to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// The text behind the last of the events.
    fn behind(&self, events: &[Event]) -> &str {
        let end = events.last().map_or(0, |event| match event.data {
            EventData::DocumentEnd { .. } => event.start_mark.index,
            _ => event.end_mark.index,
        });
        let end = usize::try_from(end).ok();
        end.and_then(|end| self.text.get(end..)).unwrap_or_default()
    }

    /// Whether there is a control character that the Go port may not come across: it reads 512 bytes at a time, and
    /// none behind the document.
    fn is_late_control_character(&self) -> bool {
        let is_odd = |character: char| {
            character.is_control() && !"\t\r\n\u{85}".contains(character)
                || matches!(character, '\u{fffe}' | '\u{ffff}')
        };
        let before = self.text.split(is_odd).next().unwrap_or_default();
        let ends_before = || {
            let text = format!("{before}\n");
            let completed = false;
            let (events, error) = events(&text);
            let behind = Self { text, completed };
            error.is_some() || !behind.behind(&events).trim().is_empty()
        };
        before.len() > 500 && ends_before()
    }

    /// An event as it is without the changes of the text.
    ///
    /// # Errors
    /// [`Unread::Refused`] for what only the port used here takes.
    fn restored(&self, event: Event) -> Result<EventData, Unread> {
        let index = |index: u64| usize::try_from(index).unwrap_or(usize::MAX);
        let (start, end) = (index(event.start_mark.index), index(event.end_mark.index));
        let source = self.text.get(start..end).unwrap_or_default();
        let mut data = event.data;
        let problem = match &mut data {
            EventData::DocumentStart {
                version_directive: Some(version),
                ..
            } if version.minor != 1 || has_long_version(source) => {
                "found incompatible YAML document"
            }
            EventData::Scalar {
                style: ScalarStyle::DoubleQuoted,
                ..
            } if has_escaped_slash(source) => "found unknown escape character",
            EventData::Scalar {
                value,
                style: ScalarStyle::Literal | ScalarStyle::Folded,
                ..
            } => {
                if self.completed && end == self.text.len() && value.ends_with('\n') {
                    value.pop();
                }
                return Ok(data);
            }
            EventData::Scalar { value, .. } => {
                *value = value.replace(COLON, ":");
                return Ok(data);
            }
            _ => return Ok(data),
        };
        Err(Unread::Refused(problem.to_owned()))
    }
}

/// Where an error is, in bytes.
fn position(error: &Error) -> Option<usize> {
    usize::try_from(error.problem_mark()?.index).ok()
}

/// Whether a tag is said to end, or not to begin, with a character that belongs to it in the Go port.
fn is_about_tag(error: &Error) -> bool {
    let problem = error.problem();
    match error.context() {
        Some("while scanning a tag") => problem == "did not find expected whitespace or line break",
        Some("while parsing a tag") => problem == "did not find expected tag URI",
        _ => false,
    }
}

/// A text with something else of one byte at these positions.
fn replaced(text: &str, positions: &[usize], by: &str) -> String {
    let mut text = text.to_owned();
    for position in positions {
        text.replace_range(*position..=*position, by);
    }
    text
}

/// The events of the first document and of its end, up to an error.
fn events(text: &str) -> (Vec<Event>, Option<Error>) {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut events = Vec::new();
    loop {
        match parser.parse() {
            Err(error) => return (events, Some(error)),
            Ok(event) => match event.data {
                EventData::StreamStart { .. } => {}
                EventData::StreamEnd => return (events, None),
                EventData::DocumentEnd { .. } => {
                    events.push(event);
                    return (events, None);
                }
                _ => events.push(event),
            },
        }
    }
}

/// Whether the events are all of a document but its end.
fn is_complete(events: &[Event]) -> bool {
    let is_start = |event: &&Event| {
        matches!(
            event.data,
            EventData::SequenceStart { .. } | EventData::MappingStart { .. }
        )
    };
    let is_end =
        |event: &&Event| matches!(event.data, EventData::SequenceEnd | EventData::MappingEnd);
    let open = events.iter().filter(is_start).count();
    let closed = events.iter().filter(is_end).count();
    open == closed && events.len() > 1
}
