//! A YAML value that, other than JSON, keeps keys of every kind and both of two equal ones.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A YAML value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::rules::proxy_config) enum Node {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The kind of value, in words.
    pub(in crate::rules::proxy_config) fn kind(&self) -> &'static str {
        match self {
            Node::Null => "nothing",
            Node::Bool(_) => "true or false",
            Node::Int(_) | Node::Float(_) => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Map(_) => "a mapping",
        }
    }

    /// The value as a key of JSON; empty for what cannot be one.
    pub(in crate::rules::proxy_config) fn as_key(&self) -> String {
        match self {
            Node::Text(text) => text.clone(),
            Node::Bool(value) => value.to_string(),
            Node::Int(number) => number.to_string(),
            Node::Float(number) => number.to_string(),
            Node::Null | Node::List(_) | Node::Map(_) => String::new(),
        }
    }

    /// The value itself if it is short, otherwise its kind.
    pub(in crate::rules::proxy_config) fn describe(&self) -> String {
        match self {
            Node::Text(text) => format!("{text:?}"),
            Node::Bool(_) | Node::Int(_) | Node::Float(_) => self.as_key(),
            Node::Null | Node::List(_) | Node::Map(_) => self.kind().to_owned(),
        }
    }
}

/// A key that cannot be one in JSON, anywhere in the value.
pub(in crate::rules::proxy_config) fn bad_key(node: &Node) -> Option<String> {
    let bad = |key: &Node| match key {
        Node::Null | Node::List(_) | Node::Map(_) => {
            Some(format!("a mapping has {} for a key", key.kind()))
        }
        Node::Int(number) if i64::try_from(*number).is_err() => {
            Some(format!("a mapping has {number} for a key"))
        }
        _ => None,
    };
    match node {
        Node::List(items) => items.iter().find_map(bad_key),
        Node::Map(entries) => entries
            .iter()
            .find_map(|(key, value)| bad(key).or_else(|| bad_key(value))),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Int(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}
