//! A message that was read, as far as the rules look at it.

use std::collections::BTreeMap;

/// The fields that are set, by their names in the proto file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::rules::proxy_config) struct Message(BTreeMap<&'static str, Read>);

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::rules::proxy_config) enum Read {
    Text(String),
    /// Of a number or an enumeration.
    Number(i64),
    /// In nanoseconds.
    Duration(i64),
    Message(Message),
    Bool(bool),
    /// Of a kind that no rule looks at.
    Other,
}

impl Message {
    pub(super) fn insert(&mut self, field: &'static str, value: Read) {
        self.0.insert(field, value);
    }

    pub(in crate::rules::proxy_config) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    pub(in crate::rules::proxy_config) fn text(&self, field: &str) -> Option<&str> {
        match self.0.get(field) {
            Some(Read::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(in crate::rules::proxy_config) fn number(&self, field: &str) -> Option<i64> {
        match self.0.get(field) {
            Some(Read::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(in crate::rules::proxy_config) fn is_true(&self, field: &str) -> bool {
        self.0.get(field) == Some(&Read::Bool(true))
    }

    pub(in crate::rules::proxy_config) fn duration(&self, field: &str) -> Option<i64> {
        match self.0.get(field) {
            Some(Read::Duration(nanoseconds)) => Some(*nanoseconds),
            _ => None,
        }
    }

    /// All fields that are durations, by name.
    pub(in crate::rules::proxy_config) fn durations(
        &self,
    ) -> impl Iterator<Item = (&'static str, i64)> {
        self.0
            .keys()
            .filter_map(|field| Some((*field, self.duration(field)?)))
    }

    pub(in crate::rules::proxy_config) fn message(&self, field: &str) -> Option<&Message> {
        match self.0.get(field) {
            Some(Read::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// The member of a `oneof` that counts: the last that is set, in the order of the proto file.
    pub(in crate::rules::proxy_config) fn one_of(
        &self,
        members: &[&'static str],
    ) -> Option<(&'static str, &Message)> {
        members
            .iter()
            .rev()
            .find_map(|field| Some((*field, self.message(field)?)))
    }
}
