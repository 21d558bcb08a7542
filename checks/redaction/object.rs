//! Through an object by the list of what passes.

use serde_json::{Map, Value};

use super::annotations::annotations;
use super::container::{arguments, environment};
use super::field::{Keep, Node};
use super::injector::data;
use super::metadata::{labels, setters};
use super::subjects::subjects;
use super::walk::Walk;
use crate::rules::credentials::{image, path, url, without_credentials};

impl Walk<'_> {
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
}
