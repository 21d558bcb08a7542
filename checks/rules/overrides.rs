//! Annotations that istiod itself writes into a pod when it injects, and that break a later injection when they are
//! copied or written by hand: `proxy.istio.io/overrides` and `sidecar.istio.io/status`.

use super::annotations::quantity;
use super::verdict::Verdict;
use k8s_openapi::api::core::v1::Container;
use serde_json::{Map, Value};

/// Whether istiod can read `proxy.istio.io/overrides`: JSON with `containers` and `initContainers`, each a list of
/// Kubernetes containers.
///
/// If not, it answers `failed to run injection template: <the error of Go's JSON parser>`. Go compares the names of
/// fields without regard to case, and takes `null` for anything.
///
/// Source: `reinsertOverrides` of Istio `pkg/kube/inject/webhook.go` (1.32-dev).
pub fn overrides(annotation: &str) -> Verdict {
    let value = match parse(annotation) {
        Ok(value) => value,
        Err(verdict) => return verdict,
    };
    let fields = match value {
        Value::Null => return Verdict::Valid,
        Value::Object(fields) => fields,
        _ => return Verdict::Invalid("it is not a JSON object".to_owned()),
    };
    let lists = fields.iter().filter(|(name, _)| {
        ["containers", "initcontainers"].contains(&&*name.to_ascii_lowercase())
    });
    let verdicts: Vec<Verdict> = lists
        .map(|(name, list)| container_list(name, list))
        .collect();
    let worst =
        |wanted: fn(&Verdict) -> bool| verdicts.iter().find(|verdict| wanted(verdict)).cloned();
    worst(|verdict| matches!(verdict, Verdict::Invalid(_)))
        .or_else(|| worst(|verdict| matches!(verdict, Verdict::CannotTell(_))))
        .unwrap_or(Verdict::Valid)
}

fn container_list(name: &str, list: &Value) -> Verdict {
    match list {
        Value::Null => Verdict::Valid,
        Value::Array(containers) => {
            let verdicts = containers
                .iter()
                .map(|container| one_container(name, container));
            verdicts.reduce(Verdict::worse).unwrap_or(Verdict::Valid)
        }
        _ => Verdict::Invalid(format!("{name} is not a list")),
    }
}

fn one_container(list: &str, container: &Value) -> Verdict {
    let fields = match container {
        Value::Null => return Verdict::Valid,
        Value::Object(fields) => fields,
        _ => return Verdict::Invalid(format!("{list} holds something that is not a container")),
    };
    if has_unusual_name(container) {
        return Verdict::CannotTell(format!(
            "a field of a container in {list} begins with a capital letter"
        ));
    }
    let quantities = resource_quantities(fields);
    if quantities.iter().any(Option::is_none) {
        return Verdict::CannotTell(format!(
            "a quantity of a container in {list} is not in quotes"
        ));
    }
    match serde_json::from_value::<Container>(container.clone()) {
        Ok(_) => quantities
            .into_iter()
            .map(|text| text.map_or(Verdict::Valid, quantity))
            .fold(Verdict::Valid, Verdict::worse),
        // What Go takes and this parser does not: null in a list.
        Err(_) if has_null(container) => Verdict::CannotTell(format!(
            "a container in {list} has unusual but perhaps readable values"
        )),
        Err(error) => Verdict::Invalid(format!("a container in {list} cannot be read: {error}")),
    }
}

/// The amounts in `resources`: their text, or `None` for one that is not a text.
fn resource_quantities(container: &Map<String, Value>) -> Vec<Option<&str>> {
    let resources = container.get("resources");
    let maps = ["limits", "requests"]
        .into_iter()
        .filter_map(|kind| resources?.get(kind)?.as_object());
    maps.flat_map(|amounts| amounts.values().map(Value::as_str))
        .collect()
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

fn has_unusual_name(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_unusual_name),
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            name.starts_with(|first: char| first.is_uppercase()) || has_unusual_name(value)
        }),
        _ => false,
    }
}

/// What `sidecar.istio.io/status` on a pod that is to be created does to istiod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is read. The containers named in it are taken out before the new ones are put in.
    Readable,
    /// It is not JSON, or not a JSON object: istiod logs that and goes on.
    Ignored,
    /// istiod panics while it answers; the API server sees `EOF`, and `failurePolicy` decides.
    Panics {
        /// `containers` or `initContainers`.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Go and this parser may differ about the text.
    CannotTell(String),
}

/// What the value of `sidecar.istio.io/status` does to istiod: only an object whose `containers` or `initContainers`
/// is something else than null or a list of texts makes it panic. A list or a number instead of the object does not.
///
/// The panic comes after the annotations were checked and the templates rendered: a pod that is refused for those never
/// gets there.
///
/// Source: `parseStatus` of Istio `pkg/kube/inject/webhook.go` (1.32-dev).
pub fn status(annotation: &str) -> Status {
    let fields = match parse(annotation) {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::Null) => return Status::Readable,
        Ok(_) | Err(Verdict::Invalid(_)) => return Status::Ignored,
        Err(Verdict::CannotTell(reason)) => return Status::CannotTell(reason),
        Err(Verdict::Valid) => return Status::Readable,
    };
    let panics = |field: &'static str| match fields.get(field) {
        None | Some(Value::Null) => None,
        Some(Value::Array(names)) if names.iter().all(Value::is_string) => None,
        Some(Value::Array(_)) => Some(Status::Panics {
            field,
            reason: "it holds something that is not a text",
        }),
        Some(_) => Some(Status::Panics {
            field,
            reason: "it is not a list",
        }),
    };
    ["containers", "initContainers"]
        .into_iter()
        .find_map(panics)
        .unwrap_or(Status::Readable)
}

/// JSON as Go reads it. Go is more lenient about lone surrogates and deep nesting.
fn parse(text: &str) -> Result<Value, Verdict> {
    serde_json::from_str(text).map_err(|error| {
        let surrogate = text.contains("\\ud") || text.contains("\\uD");
        let nested = text.matches(['[', '{']).count() > 100;
        if surrogate || nested {
            Verdict::CannotTell(format!("Go may be able to read it though: {error}"))
        } else {
            Verdict::Invalid(format!("it is not JSON: {error}"))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn overrides_are_read_as_by_istiod() {
        let valid = [
            "null",
            "{}",
            r#"{"containers":null,"whatever":5}"#,
            r#"{"containers":[{"name":"istio-proxy","image":"auto","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}"#,
            r#"{"initContainers":[{"name":"istio-init","ports":[{"containerPort":80}],"unknown":[]}]}"#,
            r#"{"containers":[null]}"#,
        ];
        for text in valid {
            assert_eq!(overrides(text), Verdict::Valid, "{text}");
        }
        let invalid = [
            "",
            "istio-proxy",
            "[]",
            "5",
            r#"{"containers":{}}"#,
            r#"{"Containers":{}}"#,
            r#"{"containers":["istio-proxy"]}"#,
            r#"{"containers":[{"name":5}]}"#,
            r#"{"containers":[{"ports":[{"containerPort":"80"}]}]}"#,
            r#"{"containers":[{"resources":{"limits":{"cpu":"one"}}}]}"#,
            r#"{"containers":[]}trailing"#,
        ];
        for text in invalid {
            assert!(matches!(overrides(text), Verdict::Invalid(_)), "{text}");
        }
        for text in [
            r#"{"containers":[{"args":[null]}]}"#,
            r#"{"containers":[{"Name":5}]}"#,
            r#"{"containers":[{"resources":{"limits":{"cpu":1}}}]}"#,
        ] {
            assert!(matches!(overrides(text), Verdict::CannotTell(_)), "{text}");
        }
    }

    #[test]
    fn only_wrong_lists_make_istiod_panic() {
        let table = [
            (
                r#"{"containers":["istio-proxy"],"initContainers":null}"#,
                Status::Readable,
            ),
            (r#"{"Containers":"x"}"#, Status::Readable),
            ("null", Status::Readable),
            ("", Status::Ignored),
            ("[1]", Status::Ignored),
            ("injected", Status::Ignored),
            (
                r#"{"containers":"x"}"#,
                Status::Panics {
                    field: "containers",
                    reason: "it is not a list",
                },
            ),
            (
                r#"{"initContainers":{}}"#,
                Status::Panics {
                    field: "initContainers",
                    reason: "it is not a list",
                },
            ),
            (
                r#"{"containers":["a",1]}"#,
                Status::Panics {
                    field: "containers",
                    reason: "it holds something that is not a text",
                },
            ),
        ];
        for (text, expected) in table {
            assert_eq!(status(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = (overrides(&text), status(&text));
        }

        #[test]
        fn never_panics_on_shapes(list in "[\\[\\]{}\",:a0n]{0,30}") {
            let _ = overrides(&format!(r#"{{"containers":{list}}}"#));
            let _ = status(&format!(r#"{{"containers":{list}}}"#));
        }
    }
}
