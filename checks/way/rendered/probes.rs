//! Whether the API server takes the probes that istiod sends to the proxy instead of the pod's own containers.
//!
//! Source: Istio 1.31, `pkg/kube/inject/app_probe.go` and `webhook.go` (`applyRewrite`).

use k8s_openapi::api::core::v1::{Container, LifecycleHandler, PodSpec, Probe};
use serde_json::Value;

use super::containers::{PROXY, proxies};
use crate::facts::Missing;
use crate::rules::go::{atoi, parse_bool};
use crate::way::invalid_pod::{containers, of_no_port, probes};
use crate::way::{InjectorConfig, JudgedPod};

const PORT: &str = "status.sidecar.istio.io/port";
const REWRITE: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// Why the API server refuses the injected pod for its probes, if so. The status port can be 0, which turns the proxy's
/// own probe off, but a probe of another container cannot go there. Where istiod leaves the probes as they are, their own
/// ports count: without a proxy there is none to send them to.
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
    let goes_nowhere = (port == Some(0))
        .then(|| probed(&pod.spec))
        .flatten()
        .map(|container| format!("{PORT} sends the probes of container {container} to port 0"));
    let own = of_no_port(&pod.spec, |container| container.name != PROXY);
    if proxies(templates) == 0 || goes_nowhere == own {
        return Ok(own);
    }
    let in_template = format!("{REWRITE}: \"false\"");
    let annotation = pod.annotations.get(REWRITE);
    let rewrites = match annotation.and_then(|value| parse_bool(value)) {
        _ if templates.iter().any(|text| text.contains(&in_template)) => false,
        Some(value) => value,
        None => {
            let values = injector.known_values()?;
            let setting = values.pointer("/sidecarInjectorWebhook/rewriteAppHTTPProbe");
            setting.and_then(Value::as_bool) == Some(true)
        }
    };
    Ok(if rewrites { goes_nowhere } else { own })
}

/// The first container of the pod's own that the kubelet asks over the network.
fn probed(spec: &PodSpec) -> Option<&str> {
    let probed = containers(spec).find(|container| is_probed(container))?;
    Some(&probed.name)
}

/// Whether the kubelet asks a container over the network.
fn is_probed(container: &Container) -> bool {
    let by_network = |probe: &Probe| {
        probe.http_get.is_some() || probe.tcp_socket.is_some() || probe.grpc.is_some()
    };
    let lifecycle = container.lifecycle.iter();
    let mut handlers = lifecycle.flat_map(|one| one.pre_stop.iter().chain(&one.post_start));
    let handler_by_network =
        |handler: &LifecycleHandler| handler.http_get.is_some() || handler.tcp_socket.is_some();
    container.name != PROXY
        && (probes(container).any(by_network) || handlers.any(handler_by_network))
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

    /// Each of them seen on a real API server.
    #[test]
    fn a_probe_without_a_port_stays_one_where_istiod_leaves_it() {
        let (sidecar, agent) = (
            "- name: istio-proxy\n",
            "sidecar.istio.io/rewriteAppHTTPProbers: \"false\"",
        );
        let container = json!({"name": "app", "readinessProbe": {"tcpSocket": {"port": 0}}});
        let values = json!({"sidecarInjectorWebhook": {"rewriteAppHTTPProbe": true}});
        let injector = InjectorConfig::new(Ok(Config::default().into()), Ok(values));
        for (annotations, templates, is_refused) in [
            (&[][..], &[sidecar][..], false),
            (&[], &[agent, sidecar], true),
            (&[], &[agent], true),
            (&[(REWRITE, "false")], &[sidecar], true),
            (&[(REWRITE, "false"), (PORT, "0")], &[sidecar], true),
        ] {
            let mut pod = pod(annotations);
            pod.spec.containers = vec![serde_json::from_value(container.clone()).unwrap()];
            let reason = conflict(&injector, templates, &pod).unwrap();
            assert_eq!(
                reason.is_some(),
                is_refused,
                "{annotations:?} {templates:?}"
            );
        }
    }
}
