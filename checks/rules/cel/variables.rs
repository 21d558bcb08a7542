//! The variables of a condition, made from the request as the API server makes them.

use super::Request;
use cel::Value;
use cel::objects::{Key, Map};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn variables(request: &Request) -> [(&'static str, Value); 4] {
    let gvk = || serde_json::json!({"group": "", "version": "v1", "kind": "Pod"});
    let gvr = || serde_json::json!({"group": "", "version": "v1", "resource": "pods"});
    let mut fields = serde_json::json!({
        "uid": "",
        "kind": gvk(),
        "resource": gvr(),
        "requestKind": gvk(),
        "requestResource": gvr(),
        "operation": "CREATE",
        "dryRun": request.dry_run,
    });
    let name = request
        .pod
        .pointer("/metadata/name")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    for (field, text) in [("name", name), ("namespace", request.namespace)] {
        if let (Some(fields), false) = (fields.as_object_mut(), text.is_empty()) {
            fields.insert(field.to_owned(), text.into());
        }
    }
    [
        ("object", to_cel(request.pod)),
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
    #![allow(clippy::indexing_slicing)]
    use super::super::fixture::pod;
    use super::super::{Condition, evaluate};
    use super::*;

    #[test]
    fn a_name_is_there_if_it_is_given() {
        let mut pod = pod();
        pod["metadata"]["name"] = "web-0".into();
        let request = Request {
            pod: &pod,
            namespace: "shop",
            dry_run: true,
        };
        assert_eq!(
            evaluate("request.name == 'web-0' && request.dryRun", &request),
            Condition::True
        );
    }
}
