//! A local copy of the injector's ConfigMap: `--injector-config FILE`, for who may not read it in the cluster.

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::Value;

use crate::documents::{self, DocumentError};
use crate::input::{self, Input, InputError};

/// How the names of the injector's ConfigMaps begin; `-REVISION` follows for other revisions than the default.
///
/// Source: `manifests/charts/istio-control/istio-discovery/templates/istiod-injector-configmap.yaml` (Istio 1.31).
const NAME: &str = "istio-sidecar-injector";

/// Why a file is no such copy.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum LocalError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("{file}: {error}")]
    Syntax { file: String, error: DocumentError },
    #[error(
        "{0} does not hold the injector's ConfigMap; somebody who may read it writes it with \
         `kubectl get configmap istio-sidecar-injector -n istio-system -o yaml`"
    )]
    Other(String),
}

/// Reads the injector's ConfigMaps, one for each revision, from a file.
///
/// # Errors
/// [`LocalError`] where it holds none, or anything else.
pub fn read(path: &str, input: &mut Input<'_>) -> Result<Vec<ConfigMap>, LocalError> {
    let file = input::title(path);
    let text = input::read(path, input)?;
    let documents = documents::parse(&text).map_err(|error| LocalError::Syntax {
        file: file.clone(),
        error,
    })?;
    let objects = documents.into_iter().flat_map(items);
    let all: Option<Vec<_>> = objects.map(injectors).collect();
    match all {
        Some(all) if !all.is_empty() => Ok(all),
        _ => Err(LocalError::Other(file)),
    }
}

/// The items of a list, or the one object.
fn items(mut document: Value) -> Vec<Value> {
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => vec![document],
    }
}

fn injectors(object: Value) -> Option<ConfigMap> {
    let is_one = object.get("kind").and_then(Value::as_str) == Some("ConfigMap");
    let map: ConfigMap = serde_json::from_value(object).ok().filter(|_| is_one)?;
    let name = map.metadata.name.as_deref()?;
    let has_data = map
        .data
        .as_ref()
        .is_some_and(|data| data.contains_key("config"));
    (name.starts_with(NAME) && has_data).then_some(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, String> {
        let all = read("-", &mut Input::patient(&mut text.as_bytes()));
        let all = all.map_err(|error| error.to_string())?;
        Ok(all
            .into_iter()
            .filter_map(|one| one.metadata.name)
            .collect())
    }

    #[test]
    fn only_the_injectors_config_maps_are_taken() {
        let one = "{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-sidecar-injector-canary}, data: {config: ''}}";
        assert_eq!(names(one).unwrap(), ["istio-sidecar-injector-canary"]);
        let list = format!("{{kind: List, items: [{one}, {one}]}}");
        assert_eq!(names(&list).unwrap().len(), 2);
        for text in [
            "{kind: ConfigMap, metadata: {name: istio}, data: {mesh: ''}}",
            "{kind: Secret, metadata: {name: istio-sidecar-injector}, data: {config: ''}}",
            "{kind: ConfigMap, metadata: {name: istio-sidecar-injector}}",
            "{kind: List, items: []}",
            "[]",
        ] {
            let error = names(text).unwrap_err();
            assert!(
                error.contains("does not hold the injector's"),
                "{text}: {error}"
            );
        }
        assert!(names("a: [").is_err());
    }
}
