//! What the manifest said that was applied last to an object.
//!
//! Source: Kubernetes 1.36, `k8s.io/kubectl/pkg/util/apply.go`: `kubectl apply` keeps the whole manifest, as JSON.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

/// The annotation that keeps it.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The labels that the manifest gives the object; none where it was not applied so.
pub fn labels_applied(metadata: &ObjectMeta) -> BTreeMap<String, String> {
    let annotations = metadata.annotations.as_ref();
    let text = annotations.and_then(|annotations| annotations.get(LAST_APPLIED));
    text.map(|text| labels(text)).unwrap_or_default()
}

/// The manifest without all but these labels of the object; none where it has none of them.
pub fn only_labels(text: &str, keys: &[&str]) -> Option<String> {
    let mut labels = labels(text);
    labels.retain(|key, _| keys.contains(&key.as_str()));
    (!labels.is_empty()).then(|| json!({"metadata": {"labels": labels}}).to_string())
}

fn labels(text: &str) -> BTreeMap<String, String> {
    let manifest: Value = serde_json::from_str(text).unwrap_or_default();
    let labels = manifest.pointer("/metadata/labels");
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let texts = labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    texts.collect()
}
