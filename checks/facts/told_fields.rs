//! The fields of which findings tell who set them.

use serde_json::{Map, Value};

/// What managedFields say of such fields, and nothing else: of labels and annotations those that `is_told` lets pass. None
/// where they say nothing of them.
pub fn told_fields(fields: &Value, is_told: &dyn Fn(&str) -> bool) -> Option<Value> {
    pruned(fields, &TOLD, is_told)
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

static TOLD: [Told; 5] = [
    Below("f:metadata", &MAPS),
    Here("f:rules"),
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
            Here("f:sideEffects"),
            Here("f:timeoutSeconds"),
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
            Here("f:podSelector"),
            Here("f:ingress"),
            Here("f:egress"),
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
