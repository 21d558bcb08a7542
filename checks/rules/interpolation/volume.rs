//! Volumes and mounts, which the template takes out of JSON.

use super::{Surroundings, unknown_use};
use crate::rules::verdict::Verdict;
use k8s_openapi::api::core::v1::{Volume, VolumeMount};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Whether the items can be volumes or mounts of the pod.
pub(super) fn verdict(
    name: &str,
    value: &str,
    annotations: &BTreeMap<String, String>,
    surroundings: Surroundings,
) -> Verdict {
    let Some(items) = parse_items(value) else {
        return Verdict::Invalid("it is neither a JSON object nor a JSON list".to_owned());
    };
    let verdicts = items.iter().map(|(key, item)| {
        if key.contains(['"', '\\']) || key.contains(char::is_control) {
            return Verdict::Invalid(format!("{key:?} cannot be the name of a volume"));
        }
        let Some(fields) = item.as_object().filter(|fields| !fields.is_empty()) else {
            return Verdict::Invalid(format!(
                "what stands under {key:?} is not an object with fields"
            ));
        };
        // The item's own name comes later in the sidecar's YAML than the key, and wins.
        let mut item = fields.clone();
        item.entry("name").or_insert_with(|| json!(key));
        if name.ends_with("/userVolumeMount") {
            let volume = name_of(key, fields);
            typed::<VolumeMount>(item).worse(mounted(volume, annotations, surroundings))
        } else if name.ends_with("/userVolume") {
            typed::<Volume>(item)
        } else {
            unknown_use()
        }
    });
    verdicts.reduce(Verdict::worse).unwrap_or(Verdict::Valid)
}

/// The name that an item goes by.
fn name_of<'a>(key: &'a str, fields: &'a Map<String, Value>) -> &'a str {
    fields.get("name").and_then(Value::as_str).unwrap_or(key)
}

/// The items of a JSON object or list under the names that the template gives them; none for anything else.
fn parse_items(text: &str) -> Option<Vec<(String, Value)>> {
    match serde_json::from_str(text).ok()? {
        Value::Null => Some(Vec::new()),
        Value::Object(fields) => Some(fields.into_iter().collect()),
        Value::Array(items) => {
            let numbered = items.into_iter().enumerate();
            Some(
                numbered
                    .map(|(number, item)| (number.to_string(), item))
                    .collect(),
            )
        }
        _ => None,
    }
}

fn typed<T: serde::de::DeserializeOwned>(item: Map<String, Value>) -> Verdict {
    let text = Value::Object(item.clone()).to_string();
    match serde_json::from_value::<T>(Value::Object(item)) {
        Ok(_) => Verdict::Valid,
        // Where Go's parser takes null, or a number for a quantity.
        Err(_)
            if ["null", "sizeLimit", "divisor"]
                .iter()
                .any(|word| text.contains(word)) =>
        {
            Verdict::CannotTell("it has unusual but perhaps readable values".to_owned())
        }
        Err(error) => Verdict::Invalid(format!("Kubernetes cannot read it: {error}")),
    }
}

/// Whether there is a volume to mount: the pod's own, one that another annotation adds, or one of the template's.
fn mounted(
    volume: &str,
    annotations: &BTreeMap<String, String>,
    surroundings: Surroundings,
) -> Verdict {
    let added = annotations.get("sidecar.istio.io/userVolume");
    let added = added.and_then(|text| parse_items(text)).unwrap_or_default();
    let of_template = format!("name: {volume}\n");
    let known = surroundings.volumes.contains(&volume)
        || added.iter().any(|(key, item)| {
            item.as_object()
                .is_some_and(|fields| name_of(key, fields) == volume)
        })
        || surroundings
            .templates
            .texts()
            .any(|template| template.contains(&of_template));
    if known {
        Verdict::Valid
    } else {
        Verdict::Invalid(format!("the pod has no volume {volume:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{check, judge};
    use super::*;

    /// Each value tried on a real control plane.
    #[test]
    fn volumes_are_refused_as_by_istiod_and_the_api_server() {
        check(
            "sidecar.istio.io/userVolume",
            &[
                "{}",
                "[]",
                "null",
                r#"{"v":{"emptyDir":{}}}"#,
                r#"{"v":{"mountPath":"/x"}}"#,
                r#"[{"emptyDir":{}}]"#,
            ],
            &[
                "notjson",
                "5",
                "\"x\"",
                "true",
                "",
                "[]x",
                "\"{}\"",
                r#"{"v":"s"}"#,
                r#"{"v":null}"#,
                r#"{"v":5}"#,
                r#"{"v":{"emptyDir":"x"}}"#,
                r#"{"v\"":{"emptyDir":{}}}"#,
                r#"{"a":{},"b":{}}"#,
                r#"{"v":[1]}"#,
                r#"{"v":{"hostPath":{"path":5}}}"#,
            ],
        );
        check(
            "sidecar.istio.io/userVolumeMount",
            &[
                "{}",
                "null",
                r#"{"istio-token":{"mountPath":"/y"}}"#,
                r#"{"own":{"mountPath":"/y"}}"#,
                r#"[{"name":"own","mountPath":"/y"}]"#,
            ],
            &[
                "notjson",
                "",
                r#"{"v":{"mountPath":"/x"}}"#,
                r#"{"own":{}}"#,
                r#"{"own":{"name":"gone","mountPath":"/y"}}"#,
                r#"{"own":{"mountPath":5}}"#,
            ],
        );
    }

    #[test]
    fn a_mount_finds_the_volume_of_the_other_annotation() {
        let mount = (
            "sidecar.istio.io/userVolumeMount",
            r#"{"v":{"mountPath":"/x"}}"#,
        );
        let volume = ("sidecar.istio.io/userVolume", r#"{"v":{"emptyDir":{}}}"#);
        assert_eq!(judge(&[mount, volume]), Verdict::Valid);
    }
}
