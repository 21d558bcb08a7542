//! Where a walk through an object stands, and what it does with a value there.

use jiff::Timestamp;
use serde_json::Value;

use super::needed::Needed;
use super::tally::Tally;
use crate::rules::credentials::REDACTED;

/// A walk through the objects of a kind.
pub struct Walk<'w> {
    /// What the rest of the snapshot needs of them.
    pub needed: &'w Needed,
    pub(super) tally: &'w mut Tally,
    kind: &'static str,
    /// The names of the fields down to here.
    pub(super) place: Vec<String>,
    /// Whether a matchCondition may ask for whatever is here, so that what does not pass is replaced and not dropped.
    pub is_asked: bool,
}

impl<'w> Walk<'w> {
    /// A walk through the objects of a kind.
    pub fn new(needed: &'w Needed, tally: &'w mut Tally, kind: &'static str) -> Self {
        Self {
            needed,
            tally,
            kind,
            place: Vec::new(),
            is_asked: false,
        }
    }

    /// A field that has no line.
    pub fn drop(&mut self, value: Value) -> Option<Value> {
        if self.is_asked {
            return Some(self.mask(value));
        }
        self.tally.dropped();
        None
    }

    /// The shape of a value: matchConditions may ask whether a field is there.
    pub(super) fn mask(&mut self, value: Value) -> Value {
        match value {
            // A time is no secret, and nothing else can stand in its place.
            Value::String(text) if text.parse::<Timestamp>().is_ok() => Value::String(text),
            Value::String(text) => Value::String(self.replace(text, REDACTED.to_owned())),
            Value::Array(items) => items.into_iter().map(|one| self.mask(one)).collect(),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, one)| {
                    let passes = name == "name" && is_name(&one);
                    let one = if passes { one } else { self.mask(one) };
                    (name, one)
                });
                fields.collect()
            }
            value => value,
        }
    }

    /// A text as it is changed; what is none passes.
    pub(super) fn text(&mut self, value: Value, change: fn(&str) -> String) -> Value {
        match value {
            Value::String(text) => {
                let changed = change(&text);
                Value::String(self.replace(text, changed))
            }
            value => value,
        }
    }

    /// A text and what stands in its place, which is counted where it differs.
    pub fn replace(&mut self, text: String, by: String) -> String {
        if by != text {
            self.tally.replaced(self.kind, &self.place);
        }
        by
    }

    /// The same for the entry of a map.
    pub fn replace_entry(&mut self, name: &str, text: String, by: String) -> String {
        self.place.push(name.to_owned());
        let by = self.replace(text, by);
        self.place.pop();
        by
    }
}

/// Whether a value can be the name of an object, which matchConditions often ask for and which is no secret.
fn is_name(value: &Value) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    value
        .as_str()
        .is_some_and(|name| name.len() <= 253 && name.chars().all(fits))
}
