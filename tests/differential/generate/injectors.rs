//! Configurations of the injectors.

use serde_json::{Map, Value, json};

use super::Dice;
use super::selectors::{self, Asked};
use crate::world::REVISIONS;

/// What the selectors of an injector may ask of pods.
const ASKED: [Asked; 5] = [
    (4, ("app", &["reviews", "cart", "db"])),
    (4, ("tier", &["front", "back", ""])),
    (1, ("istio.io/rev", &["canary", "prod"])),
    (1, ("job-name", &["pod-1"])),
    (1, ("pod-template-hash", &["other"])),
];

/// Changes to the configuration of some revisions, to none in half of the worlds.
pub fn generate(dice: &mut Dice) -> Map<String, Value> {
    let mut injectors = Map::new();
    for revision in REVISIONS {
        if dice.percent(30) {
            injectors.insert(revision.to_owned(), changes(dice));
        }
    }
    injectors
}

fn changes(dice: &mut Dice) -> Value {
    if dice.percent(6) {
        return Value::Null;
    }
    if dice.percent(6) {
        return json!("policy: [enabled");
    }
    let mut changes = Map::new();
    if dice.percent(55) {
        let policies = [
            (10, json!("disabled")),
            (2, json!("Enabled")),
            (1, json!("on")),
            (1, json!("")),
            (1, json!(true)),
            (1, Value::Null),
        ];
        changes.insert("policy".to_owned(), dice.weighted(&policies).clone());
    }
    for field in ["neverInjectSelector", "alwaysInjectSelector"] {
        if dice.percent(40) {
            let count = 1 + dice.below(2);
            let selectors: Vec<_> = (0..count).map(|_| selector(dice)).collect();
            changes.insert(field.to_owned(), json!(selectors));
        }
    }
    if dice.percent(15) {
        let lists = [
            json!(["gateway"]),
            json!(["sidecar", "labels"]),
            json!([]),
            json!(["gone"]),
            json!(["both"]),
        ];
        changes.insert("defaultTemplates".to_owned(), dice.pick(&lists).clone());
    }
    if dice.percent(30) {
        let templates = json!({
            "labels": "metadata:\n  labels:\n    from-template: \"yes\"\n",
            "broken": "{{ .Values.nothing.here.at.all }}",
            "not-yaml": "spec: [",
            "fails": "{{ fail \"no\" }}",
        });
        changes.insert("templates".to_owned(), templates);
        changes.insert(
            "aliases".to_owned(),
            json!({"both": ["sidecar", "labels"], "nobody": [], "wrong": ["gone"]}),
        );
    }
    Value::Object(changes)
}

fn selector(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0 => json!({}),
        1 => json!({"matchExpressions": [{"key": "app", "operator": "Sometimes"}]}),
        2 => json!({"matchExpressions": [{"key": "app", "operator": "In", "values": []}]}),
        3 => {
            json!({"matchExpressions": [{"key": "app name", "operator": "NotIn", "values": ["other"]}]})
        }
        _ => match selectors::generate(dice, &ASKED) {
            Value::Null => json!({}),
            selector => selector,
        },
    }
}
