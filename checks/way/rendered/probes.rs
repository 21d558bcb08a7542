//! Whether the API server takes the probes that istiod sends to the proxy instead of the pod's own containers.
//!
//! Source: Istio 1.31, `pkg/kube/inject/app_probe.go` and `webhook.go` (`applyRewrite`).

use k8s_openapi::api::core::v1::{Container, LifecycleHandler, Probe};
use serde_json::Value;

use super::containers::{PROXY, proxies};
use crate::facts::Missing;
use crate::rules::go::{atoi, parse_bool};
use crate::way::{InjectorConfig, JudgedPod};

const PORT: &str = "status.sidecar.istio.io/port";
const REWRITE: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// Why the API server refuses the injected pod for its probes, if so: the status port can be 0, which turns the proxy's
/// own probe off, but a probe of another container cannot go there.
pub(super) fn conflict(
    injector: &InjectorConfig,
    templates: &[&str],
    pod: &JudgedPod,
) -> Result<Option<String>, Missing> {
    // What istiod cannot read is port 0, too: its validation allows blanks around the number.
    let port = pod
        .annotations
        .get(PORT)
        .map(|port| atoi(port).unwrap_or_default());
    if proxies(templates) == 0 || port != Some(0) {
        return Ok(None);
    }
    let init_containers = pod.spec.init_containers.iter().flatten();
    let mut containers = pod.spec.containers.iter().chain(init_containers);
    let Some(probed) = containers.find(|container| is_probed(container)) else {
        return Ok(None);
    };
    let in_template = format!("{REWRITE}: \"false\"");
    let own = pod
        .annotations
        .get(REWRITE)
        .and_then(|value| parse_bool(value));
    let rewrites = match own {
        _ if templates.iter().any(|text| text.contains(&in_template)) => false,
        Some(value) => value,
        None => {
            let values = injector.known_values()?;
            let setting = values.pointer("/sidecarInjectorWebhook/rewriteAppHTTPProbe");
            setting.and_then(Value::as_bool) == Some(true)
        }
    };
    Ok(rewrites.then(|| {
        format!(
            "{PORT} sends the probes of container {} to port 0",
            probed.name
        )
    }))
}

/// Whether the kubelet asks a container over the network.
fn is_probed(container: &Container) -> bool {
    let probes = [
        &container.readiness_probe,
        &container.liveness_probe,
        &container.startup_probe,
    ];
    let by_network = |probe: &&Probe| {
        probe.http_get.is_some() || probe.tcp_socket.is_some() || probe.grpc.is_some()
    };
    let lifecycle = container.lifecycle.iter();
    let mut handlers = lifecycle.flat_map(|one| one.pre_stop.iter().chain(&one.post_start));
    let handler_by_network =
        |handler: &LifecycleHandler| handler.http_get.is_some() || handler.tcp_socket.is_some();
    container.name != PROXY
        && (probes.into_iter().flatten().any(|probe| by_network(&probe))
            || handlers.any(handler_by_network))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::pod;
    use super::*;
    use crate::way::Config;

    #[test]
    fn no_probe_can_go_to_port_0() {
        let http = json!({"readinessProbe": {"httpGet": {"port": 80}}});
        let exec = json!({"readinessProbe": {"exec": {"command": ["true"]}}});
        let stop = json!({"lifecycle": {"preStop": {"tcpSocket": {"port": 80}}}});
        let (off, on, odd) = ((REWRITE, "f"), (REWRITE, "true"), (REWRITE, "no"));
        let (sidecar, agent) = (
            "- name: istio-proxy\n",
            "sidecar.istio.io/rewriteAppHTTPProbers: \"false\"",
        );
        for (annotations, container, by_values, expected) in [
            (&[(PORT, "0")][..], &http, true, true),
            (&[(PORT, "0")], &http, false, false),
            (&[(PORT, " 15021 ")], &http, true, true),
            (&[(PORT, "0"), on], &http, false, true),
            (&[(PORT, "0"), off], &http, true, false),
            (&[(PORT, "0"), odd], &http, true, true),
            (&[(PORT, "15021")], &http, true, false),
            (&[], &http, true, false),
            (&[(PORT, "0")], &exec, true, false),
            (&[(PORT, "0")], &stop, true, true),
        ] {
            let mut pod = pod(annotations);
            let mut container = container.clone();
            container["name"] = json!("app");
            pod.spec.containers = vec![serde_json::from_value(container).unwrap()];
            let injector = InjectorConfig::new(
                Ok(Config::default().into()),
                Ok(json!({"sidecarInjectorWebhook": {"rewriteAppHTTPProbe": by_values}})),
            );
            let reason = conflict(&injector, &[sidecar], &pod).unwrap();
            assert_eq!(reason.is_some(), expected, "{annotations:?}");
            for others in [&[""][..], &[sidecar, agent]] {
                assert_eq!(conflict(&injector, others, &pod).unwrap(), None);
            }
        }
    }
}
