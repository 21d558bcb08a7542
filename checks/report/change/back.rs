//! The change that leads back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Change, Operation, Patch};

impl Change {
    /// The change that leads back to the object as it was before, given in the form of the API; none
    /// where nothing does.
    pub fn back(&self, before: &Value) -> Option<Self> {
        let patch = match &self.patch {
            Patch::Metadata(field, entries) => {
                let map = before.get("metadata").and_then(|all| all.get(field.name()));
                let entries = entries.iter().map(|(key, _)| {
                    let value = map.and_then(|map| map.get(key)).and_then(Value::as_str);
                    (key.clone(), value.map(str::to_owned))
                });
                Patch::Metadata(*field, entries.collect())
            }
            Patch::Merge(patch) => Patch::Merge(merge_back(patch, before)),
            Patch::Operations(operations) => {
                Patch::Operations(operations_back(operations, before)?)
            }
            Patch::Replicas(_) => Patch::Replicas(number(before, "/spec/replicas").unwrap_or(1)),
            Patch::Environment { name, .. } => Patch::Environment {
                name: name.clone(),
                value: variable(before, name),
            },
            Patch::Selector(_) => {
                let selector = before.pointer("/spec/selector")?.as_object()?.iter();
                let pairs =
                    selector.map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
                Patch::Selector(pairs.collect::<Option<BTreeMap<_, _>>>()?)
            }
            Patch::Paused(paused) => Patch::Paused(!paused),
            Patch::Line { key, start, .. } => Patch::Line {
                key,
                start,
                line: line(before, key, start)?,
            },
            Patch::Delete => return None,
        };
        Some(Self {
            object: self.object.clone(),
            patch,
            way: self.way,
        })
    }
}

/// Field by field, what a merge patch changes as it was before.
fn merge_back(patch: &Value, before: &Value) -> Value {
    let Value::Object(fields) = patch else {
        return before.clone();
    };
    let back = fields.iter().map(|(name, patch)| {
        let before = before.get(name).unwrap_or(&Value::Null);
        (name.clone(), merge_back(patch, before))
    });
    back.collect::<Map<_, _>>().into()
}

/// The operations in reverse. What they tested is tested again, with the values that it has by then.
fn operations_back(operations: &[Operation], before: &Value) -> Option<Vec<Operation>> {
    let mut now = before.clone();
    let (mut tested, mut back) = (Vec::new(), Vec::new());
    for operation in operations {
        match operation {
            Operation::Test(path, _) => tested.push(path),
            Operation::Add(path, value) => {
                back.push(added_back(path, &now));
                edit(
                    &mut now,
                    &json!({ "op": "add", "path": path, "value": value }),
                )?;
            }
            Operation::Remove(path) => {
                back.push(Operation::Add(path.clone(), now.pointer(path)?.clone()));
                edit(&mut now, &json!({ "op": "remove", "path": path }))?;
            }
        }
    }
    let tests = tested
        .into_iter()
        .map(|path| Some(Operation::Test(path.clone(), now.pointer(path)?.clone())));
    tests.chain(back.into_iter().rev().map(Some)).collect()
}

/// What undoes an addition to an object as it is before that.
fn added_back(path: &str, now: &Value) -> Operation {
    let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
    match (now.pointer(parent), now.pointer(path)) {
        // It stands behind all others.
        (Some(Value::Array(items)), _) if last == "-" => {
            Operation::Remove(format!("{parent}/{}", items.len()))
        }
        (Some(Value::Object(_)), Some(old)) => Operation::Add(path.to_owned(), old.clone()),
        _ => Operation::Remove(path.to_owned()),
    }
}

fn edit(object: &mut Value, operation: &Value) -> Option<()> {
    let patch: json_patch::Patch = serde_json::from_value(json!([operation])).ok()?;
    json_patch::patch(object, &patch).ok()
}

fn number(object: &Value, pointer: &str) -> Option<i32> {
    object.pointer(pointer)?.as_i64()?.try_into().ok()
}

fn variable(object: &Value, name: &str) -> Option<String> {
    let containers = object.pointer("/spec/template/spec/containers")?;
    let mut variables = containers
        .as_array()?
        .iter()
        .filter_map(|container| container.get("env")?.as_array())
        .flatten();
    let found = variables.find(|one| one.get("name").and_then(Value::as_str) == Some(name))?;
    Some(found.get("value")?.as_str()?.to_owned())
}

fn line(object: &Value, key: &str, start: &str) -> Option<String> {
    let text = object.pointer(&format!("/data/{key}"))?.as_str()?;
    let found = text.split('\n').find(|line| line.starts_with(start))?;
    Some(found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Field, Object};
    use crate::way::selector::Labels;

    /// There and back again: what a change and the one that leads back make of an object.
    fn there_and_back(patch: Patch, before: &Value) -> (Value, Value) {
        let change = Change::new(Object::new("Deployment", "shop", "reviews"), patch);
        let mut object = before.clone();
        change.apply(&mut object).unwrap();
        let after = object.clone();
        change.back(before).unwrap().apply(&mut object).unwrap();
        (after, object)
    }

    #[test]
    fn every_change_leads_there_and_back() {
        let text = |words: &str| words.to_owned();
        let labels = |pairs: &[(&str, &str)]| -> Labels {
            let pairs = pairs.iter();
            pairs.map(|(key, value)| (text(key), text(value))).collect()
        };
        let add = |path: &str, value: Value| Operation::Add(text(path), value);
        let test = |path: &str, value: Value| Operation::Test(text(path), value);
        let entries = json!({ "webhooks": [{ "name": "a", "rules": [1] }, { "name": "b" }] });
        let of_container = |env: Value| json!({ "spec": { "template": { "spec": { "containers": [{ "name": "c", "env": env }] } } } });
        let table = [
            (
                json!({ "metadata": { "labels": { "a": "1", "b": "2" } } }),
                Patch::Metadata(
                    Field::Labels,
                    vec![
                        (text("a"), Some(text("3"))),
                        (text("b"), None),
                        (text("c"), Some(text("4"))),
                    ],
                ),
                json!({ "metadata": { "labels": { "a": "3", "c": "4" } } }),
            ),
            (
                json!({ "spec": { "template": { "spec": { "hostNetwork": true } } } }),
                Patch::Merge(
                    json!({ "spec": { "template": { "spec": { "hostNetwork": null } } } }),
                ),
                json!({ "spec": { "template": { "spec": {} } } }),
            ),
            (
                entries.clone(),
                Patch::Operations(vec![
                    test("/webhooks/0/name", json!("a")),
                    add("/webhooks/0/rules", json!([])),
                    add("/webhooks/1/rules", json!([2])),
                ]),
                json!({ "webhooks": [{ "name": "a", "rules": [] }, { "name": "b", "rules": [2] }] }),
            ),
            (
                entries.clone(),
                Patch::Operations(vec![
                    Operation::Remove(text("/webhooks/0/rules/0")),
                    add("/webhooks/0/rules/-", json!(3)),
                ]),
                json!({ "webhooks": [{ "name": "a", "rules": [3] }, { "name": "b" }] }),
            ),
            (
                json!({ "ports": [{ "port": 443 }] }),
                Patch::Operations(vec![
                    test("/ports/0/port", json!(443)),
                    add("/ports/0/port", json!(8443)),
                ]),
                json!({ "ports": [{ "port": 8443 }] }),
            ),
            (
                json!({ "spec": { "replicas": 0 } }),
                Patch::Replicas(1),
                json!({ "spec": { "replicas": 1 } }),
            ),
            (
                json!({ "spec": { "paused": true } }),
                Patch::Paused(false),
                json!({ "spec": { "paused": false } }),
            ),
            (
                json!({ "spec": { "selector": { "app": "x", "istio": "pilot" } } }),
                Patch::Selector(labels(&[("app", "istiod")])),
                json!({ "spec": { "selector": { "app": "istiod" } } }),
            ),
            (
                of_container(json!([{ "name": "X", "value": "1" }, { "name": "Y" }])),
                Patch::Environment {
                    name: text("X"),
                    value: Some(text("2")),
                },
                of_container(json!([{ "name": "X", "value": "2" }, { "name": "Y" }])),
            ),
            (
                json!({ "data": { "config": "a: b\npolicy: x # y\nc: d" } }),
                Patch::Line {
                    key: "config",
                    start: "policy:",
                    line: text("policy: enabled"),
                },
                json!({ "data": { "config": "a: b\npolicy: enabled\nc: d" } }),
            ),
        ];
        for (before, patch, expected) in table {
            let words = format!("{patch:?}");
            let (after, back) = there_and_back(patch, &before);
            assert_eq!(after, expected, "{words}");
            assert_eq!(back, before, "{words}");
        }
    }

    #[test]
    fn what_was_deleted_does_not_come_back() {
        let change = Change::new(Object::unscoped("Namespace", "shop"), Patch::Delete);
        assert_eq!(change.back(&json!({})), None);
    }
}
