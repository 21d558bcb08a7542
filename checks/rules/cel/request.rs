//! The creation of a pod, with the variables of conditions as the API server makes them.

use super::functions;
use super::unknown::Touched;
use cel::objects::{Key, Map};
use cel::{Context, Value};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The creation of a pod, as the API server sees it before it calls mutating webhooks. It is made once for a pod and
/// serves all conditions.
pub struct Request {
    pub(super) context: Context<'static, 'static>,
    pub(super) touched: Touched,
    /// Whether all texts of the pod are ASCII.
    pub(super) is_ascii: bool,
}

impl Request {
    /// The creation of `pod` in a namespace. The pod is as the API server has it before webhooks are called: with
    /// defaults, namespace, and what the built-in admission plugins add (service account, tolerations, priority). Fields
    /// that are not set must not be there. `dry_run` says whether the request is only a test (`dryRun: All`).
    ///
    /// # Errors
    /// Why no condition can be evaluated.
    pub fn new(pod: &serde_json::Value, namespace: &str, dry_run: bool) -> Result<Self, String> {
        let touched = Touched::default();
        let mut context = functions::context(&touched)?;
        for (name, value) in variables(pod, namespace, dry_run) {
            context.add_variable_from_value(name, value);
        }
        Ok(Self {
            context,
            touched,
            is_ascii: is_ascii(pod),
        })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

fn is_ascii(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.is_ascii(),
        serde_json::Value::Array(items) => items.iter().all(is_ascii),
        serde_json::Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| name.is_ascii() && is_ascii(value)),
        _ => true,
    }
}

fn variables(
    pod: &serde_json::Value,
    namespace: &str,
    dry_run: bool,
) -> [(&'static str, Value); 4] {
    let gvk = || serde_json::json!({"group": "", "version": "v1", "kind": "Pod"});
    let gvr = || serde_json::json!({"group": "", "version": "v1", "resource": "pods"});
    let mut fields = serde_json::json!({
        "uid": "",
        "kind": gvk(),
        "resource": gvr(),
        "requestKind": gvk(),
        "requestResource": gvr(),
        "operation": "CREATE",
        "dryRun": dry_run,
    });
    let name = pod
        .pointer("/metadata/name")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    for (field, text) in [("name", name), ("namespace", namespace)] {
        if let (Some(fields), false) = (fields.as_object_mut(), text.is_empty()) {
            fields.insert(field.to_owned(), text.into());
        }
    }
    [
        ("object", to_cel(pod)),
        ("oldObject", Value::Null),
        ("namespaceObject", Value::Null),
        ("request", to_cel(&fields)),
    ]
}

/// JSON as the values of CEL: whole numbers are `int`.
fn to_cel(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => number.as_i64().map_or_else(
            || Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            Value::Int,
        ),
        serde_json::Value::String(text) => Value::String(Arc::new(text.clone())),
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(to_cel).collect()))
        }
        serde_json::Value::Object(fields) => {
            let entry = |(name, value): (&String, &serde_json::Value)| {
                (Key::String(Arc::new(name.clone())), to_cel(value))
            };
            Value::Map(Map {
                map: Arc::new(fields.iter().map(entry).collect::<HashMap<_, _>>()),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used)]
    use super::super::Condition;
    use super::super::evaluation::Program;
    use super::super::fixture::pod;
    use super::*;

    #[test]
    fn a_name_is_there_if_it_is_given() {
        let mut pod = pod();
        pod["metadata"]["name"] = "web-0".into();
        let request = Request::new(&pod, "shop", true).unwrap();
        assert_eq!(
            Program::new("request.name == 'web-0' && request.dryRun").evaluate(&request),
            Condition::True
        );
    }
}
