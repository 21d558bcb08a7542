//! A YAML value read into a message, as `jsonpb.Unmarshal` reads the JSON of it.

mod message;
mod number;

use super::schema::{self, Field, Kind, json_name};
use crate::rules::go;
use crate::rules::yaml::Yaml;

pub(super) use message::{Message, Read};

/// The `ProxyConfig` in a document, or what keeps it from being read.
pub(super) fn config(document: &Yaml) -> Result<Message, String> {
    message(document, schema::PROXY_CONFIG, "")
}

/// Fields that are null or unknown are skipped; of two spellings the JSON one counts.
fn message(node: &Yaml, fields: &[Field], path: &str) -> Result<Message, String> {
    let Yaml::Map(entries) = node else {
        let path = if path.is_empty() {
            "the configuration"
        } else {
            path
        };
        return Err(format!("{path} is {}, not a mapping", kind(node)));
    };
    let mut message = Message::default();
    for (proto, kind) in fields {
        let name = json_name(proto);
        match entries.get(&name).or_else(|| entries.get(*proto)) {
            None | Some(Yaml::Null) => {}
            Some(value) => message.insert(proto, read(value, *kind, &join(path, &name))?),
        }
    }
    Ok(message)
}

fn read(node: &Yaml, kind: Kind, path: &str) -> Result<Read, String> {
    let wrong = |wanted: &str| format!("{path} is {}, not {wanted}", describe(node));
    let integer = |least: i64, most: i64, wanted: &str| {
        let number = number::integer(node).filter(|number| (least..=most).contains(number));
        number.map(Read::Number).ok_or_else(|| wrong(wanted))
    };
    match (kind, node) {
        (Kind::Text, Yaml::Text(text)) => Ok(Read::Text(text.clone())),
        (Kind::Text, _) => Err(wrong("a text (put it in quotes)")),
        (Kind::Bool, Yaml::Bool(value)) => Ok(Read::Bool(*value)),
        (Kind::Bool, _) => Err(wrong("true or false")),
        (Kind::Int32, _) => integer(i32::MIN.into(), i32::MAX.into(), "a whole number"),
        (Kind::Uint32, _) => integer(0, u32::MAX.into(), "a whole number"),
        (Kind::Int64, _) => integer(i64::MIN, i64::MAX, "a whole number"),
        (Kind::Double, node) if number::is_double(node) => Ok(Read::Other),
        (Kind::Double, _) => Err(wrong("a number")),
        (Kind::Duration, Yaml::Text(text)) => go::parse_duration(text)
            .map(Read::Duration)
            .ok_or_else(|| wrong("a duration like 45s")),
        (Kind::Duration, _) => Err(wrong("a duration like 45s")),
        (Kind::Enum(values), Yaml::Text(name)) => {
            let value = values.iter().find(|(value, _)| value == name);
            value
                .map(|(_, number)| Read::Number(*number))
                .ok_or_else(|| wrong(&format!("one of {}", names(values))))
        }
        (Kind::Enum(_), _) => integer(i32::MIN.into(), i32::MAX.into(), "a known name"),
        (Kind::Message(fields), _) => message(node, fields, path).map(Read::Message),
        (Kind::List(kind), Yaml::List(items)) => items
            .iter()
            .try_for_each(|item| check_item(item, *kind, path))
            .map(|()| Read::Other),
        (Kind::List(_), _) => Err(wrong("a list")),
        (Kind::Map(kind), Yaml::Map(entries)) => entries
            .iter()
            .try_for_each(|(key, value)| check_item(value, *kind, &join(path, key)))
            .map(|()| Read::Other),
        (Kind::Map(_), _) => Err(wrong("a mapping")),
    }
}

/// In lists and maps null stands for the empty value.
fn check_item(node: &Yaml, kind: Kind, path: &str) -> Result<(), String> {
    match node {
        Yaml::Null if !matches!(kind, Kind::Duration) => Ok(()),
        node => read(node, kind, path).map(|_| ()),
    }
}

/// The value itself if it is short, otherwise its kind.
fn describe(node: &Yaml) -> String {
    match node {
        Yaml::Text(text) => format!("{text:?}"),
        Yaml::Bool(value) => value.to_string(),
        Yaml::Int(number) => number.to_string(),
        Yaml::Float(number) => number.to_string(),
        Yaml::Null | Yaml::List(_) | Yaml::Map(_) => kind(node).to_owned(),
    }
}

/// The kind of value, in words.
fn kind(node: &Yaml) -> &'static str {
    match node {
        Yaml::Null => "nothing",
        Yaml::Bool(_) => "true or false",
        Yaml::Int(_) | Yaml::Float(_) => "a number",
        Yaml::Text(_) => "a text",
        Yaml::List(_) => "a list",
        Yaml::Map(_) => "a mapping",
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn names(values: &[(&str, i64)]) -> String {
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
