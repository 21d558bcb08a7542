//! Labels, and who set which field.

use serde_json::{Map, Value, json};

use super::walk::Walk;
use crate::facts::told_fields;
use crate::rules::credentials::REDACTED;
use crate::rules::last_applied::LAST_APPLIED;

/// The level of Pod Security, of which findings tell who set it.
const LEVEL: &str = "pod-security.kubernetes.io/enforce";

/// How the labels begin by which installers know what is theirs.
const OF_INSTALLERS: [&str; 3] = [
    "install.operator.istio.io/",
    "operator.istio.io/component",
    "operator.istio.io/managed",
];

/// Labels of which findings tell the value, whatever else selects by them.
const KNOWN: [&str; 10] = [
    LEVEL,
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app",
    "release",
    "kubernetes.io/metadata.name",
    "app.kubernetes.io/version",
    "helm.sh/chart",
];

/// The labels that something selects by, that Istio knows or that somebody may take for such.
pub fn labels(walk: &mut Walk, all: Map<String, Value>) -> Value {
    let mut kept = Map::new();
    for (key, value) in all {
        let passes =
            KNOWN.contains(&key.as_str()) || walk.needed.selects(&key) || is_like_istios(&key);
        match value {
            value if passes => drop(kept.insert(key, value)),
            Value::String(text) if walk.needed.is_asked() => {
                let text = walk.replace_entry(&key, text, REDACTED.to_owned());
                kept.insert(key, Value::String(text));
            }
            value => drop(walk.drop(value)),
        }
    }
    Value::Object(kept)
}

/// Whether a key is one of those that istiod reads, or one that is meant to be.
pub fn is_like_istios(key: &str) -> bool {
    if OF_INSTALLERS.iter().any(|own| key.starts_with(own)) {
        return false;
    }
    let key = key.to_ascii_lowercase();
    ["istio", "inject", "sidecar"]
        .iter()
        .any(|word| key.contains(word))
}

/// Who set the fields of which findings tell that, and who set something other than the status last, and when.
pub fn setters(walk: &mut Walk, mut all: Vec<Value>) -> Value {
    let needed = walk.needed;
    all.retain(|entry| entry.get("subresource").is_none());
    let time = |entry: &Value| entry.get("time").and_then(Value::as_str).map(str::to_owned);
    let newest = all.iter().max_by_key(|entry| time(entry)).cloned();
    let is_told = |key: &str| {
        [LEVEL, LAST_APPLIED].contains(&key)
            || key.starts_with("prometheus")
            || is_like_istios(key)
            || needed.selects(key)
    };
    let entries = all.into_iter().filter_map(|entry| {
        let Value::Object(mut entry) = entry else {
            return None;
        };
        let fields = entry.remove("fieldsV1")?;
        let fields = told_fields(&fields, &is_told)?;
        let mut kept = Map::new();
        for name in ["manager", "operation", "time"] {
            kept.extend(entry.remove_entry(name));
        }
        kept.insert("fieldsV1".to_owned(), fields);
        Some(Value::Object(kept))
    });
    let mut kept: Vec<Value> = entries.collect();
    if let Some(newest) = newest.filter(|one| time(one).is_some()) {
        let is_it = |entry: &Value| {
            time(entry) == time(&newest) && entry.get("manager") == newest.get("manager")
        };
        if !kept.iter().any(is_it) {
            kept.push(json!({ "manager": newest.get("manager"), "time": newest.get("time") }));
        }
    }
    Value::Array(kept)
}
