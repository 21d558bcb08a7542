//! Values as JSON has them: all keys are texts.
//!
//! Source: `convertToJSONableObject` of `sigs.k8s.io/yaml` 1.6.0.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::value::{Key, Value};
use super::{Unread, Yaml};

/// The value of a document in JSON.
pub(super) fn of(value: Value) -> Result<Yaml, Unread> {
    Ok(match value {
        Value::Null => Yaml::Null,
        Value::Bool(value) => Yaml::Bool(value),
        Value::Int(number) => Yaml::Int(number),
        Value::Float(number) => Yaml::Float(number),
        Value::Text(text) => Yaml::Text(text),
        Value::List(items) => {
            let items = items.into_iter().map(of);
            Yaml::List(items.collect::<Result<_, _>>()?)
        }
        Value::Map(entries) => Yaml::Map(map(entries)?),
    })
}

fn map(entries: BTreeMap<Key, Value>) -> Result<BTreeMap<String, Yaml>, Unread> {
    let mut map = BTreeMap::new();
    for (key, value) in entries {
        let value = of(value)?;
        match map.entry(key_text(key)?) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(entry) if *entry.get() == value => {}
            Entry::Occupied(entry) => {
                return Err(Unread::CannotTell(format!(
                    "of two keys {:?} with other values either may count",
                    entry.key()
                )));
            }
        }
    }
    Ok(map)
}

fn key_text(key: Key) -> Result<String, Unread> {
    let number = |number: f64| match float_text(number).as_str() {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        text => text.to_owned(),
    };
    match key {
        Key::Text(text) => Ok(text),
        Key::Bool(value) => Ok(value.to_string()),
        Key::Int(whole) if i64::try_from(whole).is_ok() => Ok(whole.to_string()),
        Key::Int(whole) => Err(Unread::Refused(format!("a mapping has {whole} for a key"))),
        Key::Float(bits) => Ok(number(f64::from_bits(bits))),
        Key::NotANumber(_) => Ok(number(f64::NAN)),
        Key::Null => Err(Unread::Refused(
            "a mapping has nothing for a key".to_owned(),
        )),
    }
}

/// `strconv.FormatFloat(number, 'g', -1, 32)`.
fn float_text(number: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "Go formats 32 bits as well"
    )]
    let number = number as f32;
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    // Go writes an exponent where six digits do not do.
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

impl Yaml {
    /// Whether JSON can hold all numbers.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Float(number) => number.is_finite(),
            Self::List(items) => items.iter().all(Self::is_finite),
            Self::Map(entries) => entries.values().all(Self::is_finite),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Text(_) => true,
        }
    }

    /// The text that `Unmarshal` makes of a value where one is expected; none for lists and mappings.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(number) => Some(number.to_string()),
            Self::Float(number) => Some(float_text(*number)),
            Self::Text(text) => Some(text.clone()),
            Self::List(_) | Self::Map(_) => None,
        }
    }
}

impl From<Yaml> for serde_json::Value {
    fn from(value: Yaml) -> Self {
        match value {
            Yaml::Null => Self::Null,
            Yaml::Bool(value) => value.into(),
            Yaml::Int(number) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) => number.into(),
                _ => Self::Null,
            },
            Yaml::Float(number) => number.into(),
            Yaml::Text(text) => text.into(),
            Yaml::List(items) => items.into_iter().map(Self::from).collect(),
            Yaml::Map(entries) => entries
                .into_iter()
                .map(|(key, value)| (key, Self::from(value)))
                .collect(),
        }
    }
}
