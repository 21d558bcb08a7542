//! Through an object by the list of what passes.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::annotations::annotations;
use super::container::{arguments, environment};
use super::field::{Keep, Node};
use super::injector::data;
use super::metadata::{labels, setters};
use super::needed::Needed;
use super::subjects::subjects;
use super::tally::Tally;
use crate::rules::credentials::{REDACTED, image, path, url, without_credentials};

/// A walk through the objects of a kind.
pub struct Walk<'w> {
    /// What the rest of the snapshot needs of them.
    pub needed: &'w Needed,
    tally: &'w mut Tally,
    kind: &'static str,
    /// The names of the fields down to here.
    place: Vec<String>,
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

    /// What passes of an object.
    pub fn object(&mut self, root: &Node, object: Value) -> Value {
        self.at(root, object).unwrap_or_default()
    }

    fn at(&mut self, node: &Node, value: Value) -> Option<Value> {
        if let Some(keep) = node.keep {
            return self.keep(keep, value);
        }
        match value {
            Value::Array(items) => {
                let items = items.into_iter().filter_map(|one| self.at(node, one));
                Some(Value::Array(items.collect()))
            }
            Value::Object(fields) => Some(Value::Object(self.fields(node, fields))),
            // Nothing else has fields of its own.
            _ => None,
        }
    }

    fn fields(&mut self, node: &Node, fields: Map<String, Value>) -> Map<String, Value> {
        let was_asked = self.is_asked;
        self.is_asked |= node.is_pod && self.needed.is_asked();
        let mut kept = Map::new();
        for (name, value) in fields {
            self.place.push(name.clone());
            let value = match node.field(&name) {
                Some(field) => self.at(field, value),
                None => self.drop(value),
            };
            self.place.pop();
            if let Some(value) = value {
                kept.insert(name, value);
            }
        }
        self.is_asked = was_asked;
        kept
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
    fn mask(&mut self, value: Value) -> Value {
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

    fn keep(&mut self, keep: Keep, value: Value) -> Option<Value> {
        Some(match (keep, value) {
            (Keep::Whole, value) => value,
            (Keep::IfAsked, value) if self.is_asked => value,
            (Keep::IfAsked, value) => return self.drop(value),
            (Keep::Presence, value) if self.is_asked => self.mask(value),
            (Keep::Presence, _) => {
                self.tally.dropped();
                Value::Object(Map::new())
            }
            (Keep::Text, value) => self.text(value, without_credentials),
            (Keep::Image, value) => self.text(value, image),
            (Keep::Url, value) => self.text(value, url),
            (Keep::Path, value) => self.text(value, path),
            (Keep::Certificates, value) => value,
            (Keep::Labels, Value::Object(all)) => labels(self, all),
            (Keep::Annotations, Value::Object(all)) => annotations(self, all),
            (Keep::Setters, Value::Array(all)) => setters(self, all),
            (Keep::Arguments, Value::Array(words)) => arguments(self, words),
            (Keep::Environment, Value::Array(variables)) => environment(self, variables),
            (Keep::Data, Value::Object(all)) => data(self, all),
            (Keep::Subjects, Value::Array(all)) => subjects(self, all),
            (_, value) => return self.drop(value),
        })
    }

    fn text(&mut self, value: Value, change: fn(&str) -> String) -> Value {
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
