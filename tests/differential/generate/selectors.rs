//! Label selectors of every kind.

use serde_json::{Map, Value, json};

use super::Dice;

/// A label with the values that a selector may ask for.
pub type Asked = (u32, (&'static str, &'static [&'static str]));

/// Of namespaces.
pub const OF_NAMESPACES: [Asked; 7] = [
    (8, ("istio-injection", &["enabled", "disabled", "true", ""])),
    (8, ("istio.io/rev", &["default", "canary", "prod", "gone"])),
    (
        3,
        (
            "kubernetes.io/metadata.name",
            &["shop", "bank", "kube-system", "mail"],
        ),
    ),
    (3, ("team", &["blue", "red", ""])),
    (2, ("env", &["prod", "test"])),
    (1, ("istio.io/dataplane-mode", &["ambient"])),
    (1, ("control-plane", &["true", "controller-manager"])),
];

/// Of pods.
pub const OF_PODS: [Asked; 6] = [
    (
        8,
        ("sidecar.istio.io/inject", &["true", "false", "True", ""]),
    ),
    (5, ("istio.io/rev", &["default", "canary", "prod", "gone"])),
    (4, ("app", &["reviews", "cart", "db"])),
    (3, ("tier", &["front", "back", ""])),
    (1, ("pod-template-hash", &["other"])),
    (1, ("job-name", &["pod-1"])),
];

/// A selector; null where it is to be absent.
pub fn generate(dice: &mut Dice, asked: &[Asked]) -> Value {
    match dice.below(12) {
        0 => Value::Null,
        1 => json!({}),
        2 => json!({"matchLabels": {}, "matchExpressions": []}),
        3 | 4 => json!({"matchLabels": labels(dice, asked)}),
        5 => {
            json!({"matchLabels": labels(dice, asked), "matchExpressions": [expression(dice, asked)]})
        }
        6 | 7 => json!({"matchExpressions": [expression(dice, asked), expression(dice, asked)]}),
        _ => json!({"matchExpressions": [expression(dice, asked)]}),
    }
}

fn labels(dice: &mut Dice, asked: &[Asked]) -> Value {
    let count = 1 + usize::from(dice.percent(20));
    let labels = (0..count).map(|_| {
        let (key, values) = dice.weighted(asked);
        ((*key).to_owned(), json!(dice.pick(values)))
    });
    Value::Object(labels.collect::<Map<_, _>>())
}

/// One requirement.
pub fn expression(dice: &mut Dice, asked: &[Asked]) -> Value {
    let (key, values) = dice.weighted(asked);
    let count = 1 + usize::from(dice.percent(30));
    let values = dice.several(count, values);
    match dice.below(10) {
        0..4 => json!({"key": key, "operator": "In", "values": values}),
        4..7 => json!({"key": key, "operator": "NotIn", "values": values}),
        7 => json!({"key": key, "operator": "Exists"}),
        _ => json!({"key": key, "operator": "DoesNotExist"}),
    }
}
