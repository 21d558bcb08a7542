//! What a printed change must not hold.

use serde_json::{Value, json};

use super::operation::json_patch;
use super::{Change, Patch};
use crate::rules::annotations::has_fields;
use crate::rules::credentials::{REDACTED, without_credentials};

impl Change {
    /// Whether the change can be printed: it writes nothing that looks like a credential, and nothing that the file
    /// which it was read from leaves out.
    pub fn is_tellable(&self) -> bool {
        let written = match &self.patch {
            Patch::Metadata(_, entries) => entries
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect(),
            Patch::Merge(patch) => patch.clone(),
            Patch::Operations(operations) => json_patch(operations),
            Patch::Environment { name, value } => json!({ name: value }),
            Patch::Selector(selector) => json!(selector),
            Patch::Line { line, .. } => json!(line),
            Patch::Replicas(_) | Patch::Paused(_) | Patch::Delete => Value::Null,
        };
        is_tellable(&written)
    }
}

fn is_tellable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains(REDACTED) && without_credentials(text) == *text,
        Value::Array(items) => items.iter().all(is_tellable),
        Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| is_tellable(value) && (value.is_null() || !has_fields(name))),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Field, Object};

    #[test]
    fn no_secret_is_printed_to_be_written_back() {
        let annotation = |name: &str, value: Option<&str>| {
            let entries = vec![(name.to_owned(), value.map(str::to_owned))];
            Patch::Metadata(Field::Annotations, entries)
        };
        let merge = |annotations: Value| {
            Patch::Merge(
                json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } }),
            )
        };
        for (patch, expected) in [
            (annotation("a", Some("b")), true),
            (annotation("a", Some(REDACTED)), false),
            (annotation("a", Some("https://u:p@h")), false),
            (annotation("proxy.istio.io/config", Some("a: b")), false),
            (annotation("proxy.istio.io/config", None), true),
            (merge(json!({"sidecar.istio.io/userVolume": "{}"})), false),
            (merge(json!({"sidecar.istio.io/userVolume": null})), true),
            (Patch::Replicas(1), true),
        ] {
            let change = Change::new(Object::unscoped("Namespace", "a"), patch);
            assert_eq!(change.is_tellable(), expected, "{change:?}");
        }
    }
}
