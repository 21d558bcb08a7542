//! Texts that hold YAML or JSON.

use serde_json::Value;

use crate::rules::credentials::{REDACTED, without_credentials};

/// The text with every word in it replaced that makes no difference to what `judge` says of the whole; of a text that
/// is neither YAML nor JSON, every letter.
pub fn structured<T: PartialEq>(
    text: &str,
    read: impl Fn(&str) -> Option<Value>,
    judge: impl Fn(&str) -> T,
) -> String {
    let judged = judge(text);
    let is_same = |other: &str| judge(other) == judged;
    if let Some(mut value) = read(text)
        && is_same(&value.to_string())
    {
        for place in places(&value) {
            let whole = value.clone();
            if let Some(word) = value.pointer_mut(&place) {
                *word = Value::String(REDACTED.to_owned());
            }
            if !is_same(&value.to_string()) {
                value = whole;
            }
        }
        return value.to_string();
    }
    let candidates = [without_letters(text), without_credentials(text)];
    let found = candidates.into_iter().find(|one| is_same(one));
    found.unwrap_or_else(|| REDACTED.to_owned())
}

/// The text with another letter in the place of each letter and digit.
pub fn without_letters(text: &str) -> String {
    let mask = |c: char| if c.is_alphanumeric() { 'x' } else { c };
    text.chars().map(mask).collect()
}

/// JSON pointers to every text.
fn places(value: &Value) -> Vec<String> {
    let below = |step: String, value: &Value| {
        let places = places(value).into_iter();
        places
            .map(|rest| format!("/{step}{rest}"))
            .collect::<Vec<_>>()
    };
    match value {
        Value::String(_) => vec![String::new()],
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(at, item)| below(at.to_string(), item))
                .collect()
        }
        Value::Object(fields) => {
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            let fields = fields.iter();
            fields
                .flat_map(|(name, field)| below(escaped(name), field))
                .collect()
        }
        _ => Vec::new(),
    }
}
