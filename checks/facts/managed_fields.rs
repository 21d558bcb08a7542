//! Who set a field, and when: metadata.managedFields.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde_json::Value;

/// The field manager that last set a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setter {
    /// The manager's name, such as `kubectl-label`, `helm` or `pilot-discovery`.
    pub manager: String,
    /// When it did so; managedFields keep seconds.
    pub at: Option<Timestamp>,
}

/// The newest manager that owns the field at `path`, such as `["metadata", "labels", "istio-injection"]`.
///
/// An element of a list is addressed by its merge key as fieldsV1 writes it, such as
/// `k:{"name":"namespace.sidecar-injector.istio.io"}`.
/// Source: Kubernetes, structured-merge-diff's fieldsV1 format (v1.36).
pub fn who_set(metadata: &ObjectMeta, path: &[&str]) -> Option<Setter> {
    metadata
        .managed_fields
        .iter()
        .flatten()
        .filter(|entry| owns(entry, path))
        .max_by_key(|entry| entry.time.as_ref().map(|time| time.0))
        .map(|entry| Setter {
            manager: entry.manager.clone().unwrap_or_default(),
            at: entry.time.as_ref().map(|time| time.0),
        })
}

fn owns(entry: &ManagedFieldsEntry, path: &[&str]) -> bool {
    let mut fields = match &entry.fields_v1 {
        Some(fields) => &fields.0,
        None => return false,
    };
    for step in path {
        let key = if step.starts_with("k:") {
            (*step).to_owned()
        } else {
            format!("f:{step}")
        };
        match fields.get(&key) {
            Some(inner @ Value::Object(_)) => fields = inner,
            _ => return false,
        }
    }
    true
}
