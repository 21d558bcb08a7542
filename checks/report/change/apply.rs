//! The object as it is after a change, as the API server would leave it.

use serde_json::{Map, Value, json};

use super::operation::json_patch;
use super::{Change, Patch};

impl Change {
    /// Changes the object, given in the form of the API. One that is deleted becomes null.
    ///
    /// # Errors
    /// Why the API server would refuse the change.
    pub fn apply(&self, object: &mut Value) -> Result<(), String> {
        match &self.patch {
            Patch::Metadata(field, entries) => {
                let entries: Map<_, _> = entries
                    .iter()
                    .map(|(key, value)| (key.clone(), json!(value)))
                    .collect();
                merge(object, json!({ "metadata": { field.name(): entries } }));
            }
            Patch::Merge(patch) => merge(object, patch.clone()),
            Patch::Operations(operations) => {
                let patch: json_patch::Patch = serde_json::from_value(json_patch(operations))
                    .map_err(|error| error.to_string())?;
                json_patch::patch(object, &patch).map_err(|error| error.to_string())?;
            }
            Patch::Replicas(replicas) => merge(object, json!({ "spec": { "replicas": replicas } })),
            Patch::Paused(paused) => merge(object, json!({ "spec": { "paused": paused } })),
            Patch::Selector(selector) => {
                merge(object, json!({ "spec": { "selector": null } }));
                merge(object, json!({ "spec": { "selector": selector } }));
            }
            Patch::Environment { name, value } => {
                for container in containers(object) {
                    set_variable(container, name, value.as_deref());
                }
            }
            Patch::Line { key, start, line } => {
                let text = object.pointer_mut(&format!("/data/{key}"));
                if let Some(Value::String(text)) = text {
                    *text = replaced(text, start, line);
                }
            }
            Patch::Delete => *object = Value::Null,
        }
        Ok(())
    }
}

fn merge(object: &mut Value, patch: Value) {
    json_patch::merge(object, &patch);
}

/// The containers of a pod template, those of initialisation last, as `kubectl set env` takes them.
fn containers(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    let spec = object.pointer_mut("/spec/template/spec");
    let fields = spec.and_then(Value::as_object_mut).into_iter().flatten();
    fields
        .filter(|(field, _)| matches!(field.as_str(), "containers" | "initContainers"))
        .filter_map(|(_, list)| list.as_array_mut())
        .flatten()
}

fn set_variable(container: &mut Value, name: &str, value: Option<&str>) {
    let Some(fields) = container.as_object_mut() else {
        return;
    };
    let list = fields.entry("env").or_insert_with(|| json!([]));
    let Some(variables) = list.as_array_mut() else {
        return;
    };
    let is_it = |variable: &Value| variable.get("name").and_then(Value::as_str) == Some(name);
    let new = value.map(|value| json!({ "name": name, "value": value }));
    match (variables.iter_mut().find(|one| is_it(one)), new) {
        (Some(variable), Some(new)) => *variable = new,
        (None, Some(new)) => variables.push(new),
        (_, None) => variables.retain(|one| !is_it(one)),
    }
}

fn replaced(text: &str, start: &str, line: &str) -> String {
    let lines = text
        .split('\n')
        .map(|one| if one.starts_with(start) { line } else { one });
    lines.collect::<Vec<_>>().join("\n")
}
