//! ConfigMaps and Secrets of a pod's namespace, with the kubelet's words where they are missing.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::json::text;

/// Those of one namespace.
pub(super) struct Objects {
    pub(super) api: Api,
    pub(super) namespace: String,
}

impl Objects {
    /// The data of the object that a reference names, as text. There is none where it may be missing.
    pub(super) fn data(
        &self,
        kind: &str,
        reference: &Value,
    ) -> Result<Option<Map<String, Value>>, String> {
        // A volume names its Secret in a field of its own.
        let name = match text(reference, "/secretName") {
            "" => text(reference, "/name"),
            name => name,
        };
        let path = format!("/api/v1/namespaces/{}/{kind}s/{name}", self.namespace);
        let object = match self.api.get(&path) {
            Ok(object) => object,
            Err(error) if error.is_not_found() && is_optional(reference) => return Ok(None),
            Err(error) if error.is_not_found() => {
                return Err(format!("{kind} \"{name}\" not found"));
            }
            Err(error) => return Err(error.to_string()),
        };
        let data = object.get("data").and_then(Value::as_object);
        let mut data = data.cloned().unwrap_or_default();
        if kind == "secret" {
            for value in data.values_mut() {
                let bytes = BASE64_STANDARD.decode(value.as_str().unwrap_or_default());
                let bytes = bytes.map_err(|error| error.to_string())?;
                *value = String::from_utf8_lossy(&bytes).into_owned().into();
            }
        }
        Ok(Some(data))
    }

    /// The value of the key that a reference names.
    pub(super) fn value(&self, kind: &str, reference: &Value) -> Result<Option<String>, String> {
        let Some(data) = self.data(kind, reference)? else {
            return Ok(None);
        };
        let key = text(reference, "/key");
        match data.get(key) {
            Some(value) => Ok(value.as_str().map(str::to_owned)),
            None if is_optional(reference) => Ok(None),
            None => {
                let shown = if kind == "secret" {
                    "Secret"
                } else {
                    "ConfigMap"
                };
                let (namespace, name) = (&self.namespace, text(reference, "/name"));
                Err(format!(
                    "couldn't find key {key} in {shown} {namespace}/{name}"
                ))
            }
        }
    }
}

pub(super) fn is_optional(reference: &Value) -> bool {
    reference.get("optional") == Some(&Value::Bool(true))
}
