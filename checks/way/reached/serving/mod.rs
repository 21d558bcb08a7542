//! Does istiod serve the injector at the path that is called?
//!
//! Source: Istio 1.31, `pilot/pkg/bootstrap/sidecarinjector.go` and `pkg/kube/inject/webhook.go`.

use crate::facts::kinds::Pod;
use k8s_openapi::api::core::v1::{ConfigMap, Container};

use super::api_server_error;
use super::istiod::{Istiod, started};
use super::step::{Entry, Step};
use crate::facts::Missing;
use crate::rules::credentials;
use crate::texts::{Http, Transport};
use crate::way::Case;
use crate::way::injector::{environment, is_hidden, istiod_container, path};

mod not_serving;

pub use not_serving::NotServing;

/// Whether istiod serves the path of a webhook entry.
pub fn served(case: &Case, entry: Entry, istiod: &Istiod, pods: &[&Pod]) -> Step<(), NotServing> {
    let path = path(entry.webhook).unwrap_or("/");
    if path != "/inject" && !path.starts_with("/inject/") {
        return Ok(Err(NotServing::Path {
            webhook: entry.name(),
            path: credentials::path(path),
        }));
    }
    let containers = pods.iter().filter_map(|pod| istiod_container(pod));
    if containers
        .clone()
        .any(|container| is_hidden(container, "INJECT_ENABLED"))
    {
        return Err(Missing(
            "whether istiod serves the injector is not visible: its variable INJECT_ENABLED is set from elsewhere"
                .to_owned(),
        ));
    }
    let off = containers
        .filter(|container| is_disabled(container))
        .count();
    if off > 0 && off == pods.len() {
        return Ok(Err(NotServing::Disabled));
    }
    if off > 0 {
        return Err(Missing(
            "some of istiod's pods run with INJECT_ENABLED=false, and any of them may be called"
                .to_owned(),
        ));
    }
    let name = istiod.injector_config_map();
    let config_map = case.injector_config_map(&istiod.namespace, &name)?;
    let why = match config_map {
        None => "is absent",
        Some(config_map) if pods.iter().any(|pod| is_older(pod, config_map)) => {
            "is younger than istiod"
        }
        Some(_) => return Ok(Ok(())),
    };
    // An istiod that started while it was there goes on with what it read, so this alone does not
    // prove the 404; the API server's own error does.
    let error = api_server_error::of(case, entry)?.and_then(|error| error.transport);
    if error == Some(Transport::Http(Http::NotFound)) {
        return Ok(Err(NotServing::ConfigMap(name)));
    }
    Err(Missing(format!(
        "ConfigMap {name} {why}: an istiod that started without one serves no injector, one that \
         started with another goes on with what it read"
    )))
}

/// Whether an istiod is told not to inject, in a way that Go's `strconv.ParseBool` reads as false.
fn is_disabled(container: &Container) -> bool {
    let value = environment(container, "INJECT_ENABLED");
    matches!(value, Some("0" | "f" | "F" | "false" | "FALSE" | "False"))
}

/// Whether istiod started before a ConfigMap was made, by the API server's clock and by the node's.
fn is_older(pod: &Pod, config_map: &ConfigMap) -> bool {
    let made = config_map.metadata.creation_timestamp.as_ref();
    let created = pod.metadata.creation_timestamp.as_ref();
    let (Some(made), Some(created)) = (made.map(|at| at.0), created.map(|at| at.0)) else {
        return false;
    };
    made > created && started(pod).is_some_and(|started| made > started)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn istiod_is_older_only_if_both_clocks_say_so() {
        for (created, started, expected) in [
            ("08:00", "08:01", true),
            ("08:00", "10:00", false),
            ("10:00", "08:01", false),
            ("10:00", "10:01", false),
        ] {
            let at = |time: &str| format!("2026-11-21T{time}:00Z");
            let pod: Pod = serde_json::from_value(json!({
                "metadata": { "creationTimestamp": at(created) },
                "spec": { "containers": [{ "name": "discovery" }] },
                "status": { "containerStatuses": [{
                    "name": "discovery", "image": "pilot", "imageID": "", "ready": true, "restartCount": 0,
                    "state": { "running": { "startedAt": at(started) } },
                }] },
            }))
            .unwrap();
            let config_map: ConfigMap =
                serde_json::from_value(json!({ "metadata": { "creationTimestamp": at("09:00") } }))
                    .unwrap();
            assert_eq!(is_older(&pod, &config_map), expected, "{created} {started}");
        }
    }
}
