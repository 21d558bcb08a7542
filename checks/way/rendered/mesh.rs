//! What the mesh's ConfigMap says about sidecars.

use serde_json::Value;

use crate::facts::Missing;
use crate::rules::prometheus::Merging;
use crate::way::Case;
use crate::way::injector_config::json;
use crate::way::{Istiod, JudgedPod, names};

/// What of the mesh's configuration decides about the injected pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mesh {
    /// How metrics are merged.
    pub merging: Merging,
    /// `defaultConfig.interceptionMode`; REDIRECT unless changed.
    interception_mode: String,
}

impl Default for Mesh {
    fn default() -> Self {
        Self {
            merging: Merging::default(),
            interception_mode: "REDIRECT".to_owned(),
        }
    }
}

/// The mesh's configuration that an istiod goes by.
pub(super) fn mesh(case: &Case, istiod: &Istiod) -> Result<Mesh, Missing> {
    let name = names::with_revision("istio", &istiod.revision);
    let Some(config) = case.mesh_config(&istiod.namespace, &name)? else {
        return Ok(Mesh::default());
    };
    config.as_ref().as_ref().map(of).map_err(|error| {
        Missing(format!(
            "istiod keeps an older mesh configuration, as ConfigMap {name} does not parse: {error}"
        ))
    })
}

fn of(mesh: &Value) -> Mesh {
    let default = Mesh::default();
    let config = either(mesh, "defaultConfig", "default_config").unwrap_or(&Value::Null);
    let port = either(config, "statusPort", "status_port");
    let port = port.and_then(|port| i32::try_from(port.as_i64()?).ok());
    Mesh {
        merging: Merging {
            enabled: either(mesh, "enablePrometheusMerge", "enable_prometheus_merge")
                .and_then(Value::as_bool),
            status_port: port.unwrap_or(default.merging.status_port),
        },
        interception_mode: interception_mode(config).unwrap_or(default.interception_mode),
    }
}

/// Whether the sidecar comes with an init container that redirects the pod's traffic: by the pod's annotation, its
/// proxy's configuration, or the mesh's.
pub(super) fn intercepts(case: &Case, istiod: &Istiod, pod: &JudgedPod) -> Result<bool, Missing> {
    let annotation = pod.annotations.get("sidecar.istio.io/interceptionMode");
    let config = pod.annotations.get(names::PROXY_CONFIG);
    let config = config.and_then(|text| json(text).ok());
    let own = annotation.cloned().or_else(|| interception_mode(&config?));
    let mode = match own {
        Some(mode) => mode,
        None => mesh(case, istiod)?.interception_mode,
    };
    Ok(mode != "NONE")
}

/// The interception mode of a proxy's configuration.
fn interception_mode(config: &Value) -> Option<String> {
    let mode = either(config, "interceptionMode", "interception_mode")?;
    mode.as_str().map(str::to_owned)
}

/// A field by its name in JSON or in the protocol buffer: istiod's parser takes both.
fn either<'a>(value: &'a Value, json: &str, proto: &str) -> Option<&'a Value> {
    value.get(json).or_else(|| value.get(proto))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mesh_says_how_metrics_are_merged_and_traffic_is_intercepted() {
        for (mesh, enabled, port, mode) in [
            ("{}", None, 15_020, "REDIRECT"),
            ("", None, 15_020, "REDIRECT"),
            (
                "enablePrometheusMerge: true\nenablePrometheusMerge: false",
                Some(false),
                15_020,
                "REDIRECT",
            ),
            (
                "defaultConfig:\n  statusPort: 15999\n  interceptionMode: NONE",
                None,
                15_999,
                "NONE",
            ),
            (
                "default_config: {status_port: 1}\nenable_prometheus_merge: true",
                Some(true),
                1,
                "REDIRECT",
            ),
        ] {
            let parsed = of(&json(mesh).unwrap());
            let merging = parsed.merging;
            assert_eq!(
                (
                    merging.enabled,
                    merging.status_port,
                    &*parsed.interception_mode
                ),
                (enabled, port, mode),
                "{mesh}"
            );
        }
        assert!(json("a: [").is_err());
    }
}
