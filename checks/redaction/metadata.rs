//! Labels, and who set which field.

use serde_json::{Map, Value, json};

use super::walk::Walk;
use crate::rules::credentials::REDACTED;

/// Labels of which findings tell the value, whatever else selects by them.
const KNOWN: [&str; 10] = [
    // The level of Pod Security, which findings tell.
    "pod-security.kubernetes.io/enforce",
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

/// Whether a key is one of Istio's, or one that is meant to be.
pub fn is_like_istios(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["istio", "inject", "sidecar"]
        .iter()
        .any(|word| key.contains(word))
}

/// Who set the fields of which findings tell that, and when something other than the status was set last.
pub fn setters(walk: &mut Walk, mut all: Vec<Value>) -> Value {
    let needed = walk.needed;
    all.retain(|entry| entry.get("subresource").is_none());
    let time = |entry: &Value| entry.get("time").and_then(Value::as_str).map(str::to_owned);
    let newest = all.iter().filter_map(time).max();
    let is_told = |key: &str| KNOWN.contains(&key) || is_like_istios(key) || needed.selects(key);
    let entries = all.into_iter().filter_map(|entry| {
        let Value::Object(mut entry) = entry else {
            return None;
        };
        let fields = entry.remove("fieldsV1")?;
        let fields = pruned(&fields, &TOLD, &is_told)?;
        let mut kept = Map::new();
        for name in ["manager", "operation", "time"] {
            kept.extend(entry.remove_entry(name));
        }
        kept.insert("fieldsV1".to_owned(), fields);
        Some(Value::Object(kept))
    });
    let mut kept: Vec<Value> = entries.collect();
    if newest.is_some() && !kept.iter().any(|entry| time(entry) == newest) {
        kept.push(json!({ "time": newest }));
    }
    Value::Array(kept)
}

/// A field of which a finding tells who set it, and the fields below.
enum Told {
    /// This one and no more.
    Here(&'static str),
    /// Labels or annotations that pass.
    Entries,
    /// Fields below this one.
    Below(&'static str, &'static [Told]),
    /// Fields below each element of a list.
    Each(&'static [Told]),
}

use Told::{Below, Each, Entries, Here};

static MAPS: [Told; 2] = [
    Below("f:labels", &[Entries]),
    Below("f:annotations", &[Entries]),
];

/// Below the template of pods.
static TEMPLATE: [Told; 2] = [
    Below("f:metadata", &MAPS),
    Below(
        "f:spec",
        &[
            Here("f:hostNetwork"),
            Below(
                "f:containers",
                &[Each(&[Below("f:env", &[Each(&[Here("f:value")])])])],
            ),
        ],
    ),
];

static TOLD: [Told; 4] = [
    Below("f:metadata", &MAPS),
    Below(
        "f:data",
        &[Here("f:config"), Here("f:values"), Here("f:root-cert.pem")],
    ),
    Below(
        "f:webhooks",
        &[Each(&[
            Below(
                "f:clientConfig",
                &[
                    Here("f:caBundle"),
                    Here("f:url"),
                    Below(
                        "f:service",
                        &[
                            Here("f:name"),
                            Here("f:namespace"),
                            Here("f:path"),
                            Here("f:port"),
                        ],
                    ),
                ],
            ),
            Here("f:name"),
            Here("f:namespaceSelector"),
            Here("f:objectSelector"),
            Here("f:failurePolicy"),
            Here("f:rules"),
            Below("f:matchConditions", &[Each(&[Here("f:expression")])]),
        ])],
    ),
    Below(
        "f:spec",
        &[
            Here("f:hostNetwork"),
            Here("f:replicas"),
            Here("f:selector"),
            Here("f:type"),
            Here("f:clusterIP"),
            Here("f:externalName"),
            Below("f:ports", &[Each(&[Here("f:targetPort"), Here("f:port")])]),
            Below("f:template", &TEMPLATE),
            Below(
                "f:jobTemplate",
                &[Below("f:spec", &[Below("f:template", &TEMPLATE)])],
            ),
        ],
    ),
];

/// The fields that are told about; none where there is none.
fn pruned(fields: &Value, told: &[Told], is_told: &dyn Fn(&str) -> bool) -> Option<Value> {
    let mut kept = Map::new();
    for (name, inner) in fields.as_object()? {
        let passes = told.iter().find_map(|one| match one {
            Here(known) => (known == name).then(|| Value::Object(Map::new())),
            Below(known, below) if known == name => pruned(inner, below, is_told).or_else(|| {
                // The field as a whole is owned too.
                inner.get(".").map(|_| Value::Object(Map::new()))
            }),
            Below(..) => None,
            Entries => {
                let key = name.strip_prefix("f:")?;
                is_told(key).then(|| Value::Object(Map::new()))
            }
            Each(below) if name.starts_with("k:") => {
                Some(pruned(inner, below, is_told).unwrap_or_else(|| Value::Object(Map::new())))
            }
            Each(_) => None,
        });
        kept.extend(passes.map(|value| (name.clone(), value)));
    }
    (!kept.is_empty()).then_some(Value::Object(kept))
}
