//! The keys of istiod's ConfigMaps: how it injects, its values, the mesh, and its root.

mod config;
mod template;

use serde_json::{Map, Value, json};

use super::structured::without_letters;
use super::walk::Walk;
use crate::rules::credentials::{REDACTED, without_credentials};
use crate::rules::yaml::{self, Yaml};
use crate::way::discovery::selectors_of;

/// What passes of the data of a ConfigMap.
pub fn data(walk: &mut Walk, all: Map<String, Value>) -> Value {
    let mut kept = Map::new();
    for (key, value) in all {
        let Value::String(text) = value else {
            continue;
        };
        let passes = match key.as_str() {
            "config" => config::config(&text, walk.needed),
            "values" => values(&text),
            "mesh" => mesh(&text),
            "root-cert.pem" => without_credentials(&text),
            _ => {
                walk.drop(Value::Null);
                continue;
            }
        };
        let passes = walk.replace_entry(&key, text, passes);
        kept.insert(key, Value::String(passes));
    }
    Value::Object(kept)
}

/// A text that istiod cannot read either: it goes on with what it read before, whatever stands there. Where no more
/// than the letters need to go for that, `why` stays the same.
fn unreadable(text: &str, why: impl Fn(&str) -> Option<String>) -> String {
    let masked = without_letters(text);
    match why(&masked) == why(text) {
        true => masked,
        false => format!("[{REDACTED}"),
    }
}

fn why_not(text: &str) -> Option<String> {
    yaml::read(text).err().map(|unread| unread.to_string())
}

/// The injector's values: their shape, true and false, numbers, the quantities of the proxy and istiod's version.
fn values(text: &str) -> String {
    match yaml::read(text).map(Value::from) {
        Ok(values @ (Value::Object(_) | Value::Null)) => {
            masked(&mut Vec::new(), values).to_string()
        }
        Ok(_) => "[]".to_owned(),
        Err(_) => unreadable(text, why_not),
    }
}

fn masked(place: &mut Vec<String>, value: Value) -> Value {
    match value {
        Value::String(text) => {
            let place: Vec<&str> = place.iter().map(String::as_str).collect();
            let passes = match place.as_slice() {
                ["global", "tag"] | ["revision"] => true,
                ["global", "proxy", "resources", ..] => true,
                _ => text.is_empty(),
            };
            Value::String(if passes { text } else { REDACTED.to_owned() })
        }
        Value::Array(items) => items.into_iter().map(|one| masked(place, one)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                place.push(name.clone());
                let value = masked(place, value);
                place.pop();
                (name, value)
            });
            fields.collect()
        }
        value => value,
    }
}

/// What of the mesh's configuration decides about the injected pod, which mesh it is, and which namespaces istiod looks at.
fn mesh(text: &str) -> String {
    const FIELDS: [&str; 4] = [
        "enablePrometheusMerge",
        "enable_prometheus_merge",
        "rootNamespace",
        "root_namespace",
    ];
    const DEFAULTS: [&str; 6] = [
        "meshId",
        "mesh_id",
        "interceptionMode",
        "interception_mode",
        "statusPort",
        "status_port",
    ];
    let some = |from: &Value, names: &[&str]| {
        let fields = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), from.get(name)?.clone())));
        fields.collect::<Map<_, _>>()
    };
    match yaml::read(text) {
        Ok(Yaml::Null) => String::new(),
        Ok(mesh) => {
            let mesh = Value::from(mesh);
            let mut kept = some(&mesh, &FIELDS);
            for name in ["defaultConfig", "default_config"] {
                if let Some(config) = mesh.get(name) {
                    kept.insert(name.to_owned(), json!(some(config, &DEFAULTS)));
                }
            }
            if let Some(selectors) = selectors_of(&mesh) {
                kept.insert("discoverySelectors".to_owned(), selectors.clone());
            }
            Value::Object(kept).to_string()
        }
        Err(_) => unreadable(text, why_not),
    }
}
