//! Whether the API server takes the pod as it is: it validates every pod after the webhooks, injected or not.
//!
//! Source: Kubernetes 1.36, `pkg/apis/core/validation/validation.go` (`ValidatePodSpec`). Not all of its rules: those that
//! the reason of a refusal is often among, and each of them seen on a real API server.

mod host_namespaces;
mod operating_system;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, LifecycleHandler, PodSpec, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use host_namespaces::namespaces_of_the_host;
use operating_system::of_another_system;

use super::JudgedPod;
use super::rendered::containers::is_istios;
use super::rendered::resources::is_above;

/// Why the API server refuses the pod, whatever istiod adds to it: it completes containers of its own names, so these are
/// left out.
pub fn invalid(pod: &JudgedPod) -> Option<String> {
    of_pod(&pod.spec, |name| !is_istios(name))
}

/// Why the API server refuses the pod as it is. istiod would have sent the probes elsewhere.
pub fn invalid_without_sidecar(pod: &JudgedPod) -> Option<String> {
    let spec = &pod.spec;
    let none = || {
        spec.containers
            .is_empty()
            .then(|| "it has no containers".to_owned())
    };
    of_pod(spec, |_| true)
        .or_else(none)
        .or_else(|| of_no_port(spec, |_| true))
}

/// Why the API server refuses the pod for the port of a probe, if so, where istiod leaves the probes as they are; of the
/// containers that count.
pub fn of_no_port(spec: &PodSpec, counts: impl Fn(&Container) -> bool) -> Option<String> {
    let counts = |one: &&Container| counts(one);
    containers(spec).filter(counts).find_map(probe_without_port)
}

fn of_pod(spec: &PodSpec, counts: impl Fn(&str) -> bool) -> Option<String> {
    let counts = |one: &&Container| counts(&one.name);
    let names = || containers(spec).filter(counts).map(|one| one.name.as_str());
    let init_containers = || spec.init_containers.iter().flatten().filter(counts);
    of_another_system(spec)
        .or_else(|| namespaces_of_the_host(spec))
        .or_else(|| {
            let has_none = containers(spec).any(|one| one.name.is_empty());
            has_none.then(|| "it has a container without a name".to_owned())
        })
        .or_else(|| twice(names(), "containers"))
        .or_else(|| volumes(spec))
        .or_else(|| containers(spec).filter(counts).find_map(above_limit))
        .or_else(|| init_containers().find_map(probed_init_container))
        .or_else(|| containers(spec).filter(counts).find_map(handlers))
}

/// The containers and init containers of a pod.
pub fn containers(spec: &PodSpec) -> impl Iterator<Item = &Container> {
    let init_containers = spec.init_containers.iter().flatten();
    spec.containers.iter().chain(init_containers)
}

fn twice<'a>(mut names: impl Iterator<Item = &'a str>, what: &str) -> Option<String> {
    let mut known = BTreeSet::new();
    let twice = names.find(|name| !known.insert(*name))?;
    Some(format!("it has two {what} of the name {twice}"))
}

fn volumes(spec: &PodSpec) -> Option<String> {
    let all = spec.volumes.iter().flatten();
    twice(all.clone().map(|volume| volume.name.as_str()), "volumes").or_else(|| {
        all.into_iter().find_map(|volume| {
            let fields = serde_json::to_value(volume).unwrap_or_default();
            // One field is its name, the other one its kind.
            let several = fields.as_object().is_some_and(|fields| fields.len() > 2);
            several.then(|| format!("its volume {} is of more than one kind", volume.name))
        })
    })
}

fn above_limit(container: &Container) -> Option<String> {
    let resources = container.resources.as_ref()?;
    let limits = resources.limits.as_ref()?;
    resources
        .requests
        .iter()
        .flatten()
        .find_map(|(name, request)| {
            let limit = limits.get(name)?;
            is_above(&request.0, &limit.0).then(|| {
                format!(
                    "its container {} asks for {} of {name}, and its limit is {}",
                    container.name, request.0, limit.0
                )
            })
        })
}

fn handlers(container: &Container) -> Option<String> {
    let name = &container.name;
    let of_probe = |probe: &Probe| {
        let (http, tcp) = (probe.http_get.is_some(), probe.tcp_socket.is_some());
        [probe.exec.is_some(), http, tcp, probe.grpc.is_some()]
    };
    let of_hook = |hook: &LifecycleHandler| {
        let (http, tcp) = (hook.http_get.is_some(), hook.tcp_socket.is_some());
        [hook.exec.is_some(), http, tcp, hook.sleep.is_some()]
    };
    let hooks = container.lifecycle.iter();
    let hooks = hooks.flat_map(|hooks| hooks.post_start.iter().chain(&hooks.pre_stop));
    let all = probes(container).map(of_probe).chain(hooks.map(of_hook));
    let mut counts = all.map(|handlers| handlers.into_iter().filter(|one| *one).count());
    match counts.find(|count| *count != 1)? {
        0 => Some(format!(
            "a probe or hook of its container {name} has no handler"
        )),
        _ => Some(format!(
            "a probe or hook of its container {name} has more than one handler"
        )),
    }
}

/// The probes of a container.
pub fn probes(container: &Container) -> impl Iterator<Item = &Probe> {
    [
        &container.readiness_probe,
        &container.liveness_probe,
        &container.startup_probe,
    ]
    .into_iter()
    .flatten()
}

fn probed_init_container(container: &Container) -> Option<String> {
    let is_probed = probes(container).next().is_some();
    let ends = container.restart_policy.as_deref() != Some("Always");
    (is_probed && ends).then(|| {
        format!(
            "its init container {} has probes, but not restartPolicy: Always",
            container.name
        )
    })
}

fn probe_without_port(container: &Container) -> Option<String> {
    let is_port = |port: &IntOrString| match port {
        IntOrString::Int(port) => (1..=65_535).contains(port),
        IntOrString::String(_) => true,
    };
    let is_bad = |probe: &Probe| {
        let http = probe.http_get.as_ref().map(|http| &http.port);
        let tcp = probe.tcp_socket.as_ref().map(|tcp| &tcp.port);
        let grpc = probe.grpc.as_ref().map(|grpc| grpc.port);
        !http.into_iter().chain(tcp).all(is_port)
            || grpc.is_some_and(|port| !(1..=65_535).contains(&port))
    };
    let bad = probes(container).any(is_bad);
    bad.then(|| {
        format!(
            "a probe of its container {} has a port that is not between 1 and 65535",
            container.name
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    /// Each of them seen on a real API server, in a namespace without injection and in one with it: whether it takes the
    /// pod as it is, and injected.
    #[test]
    fn pods_that_the_api_server_takes() {
        let app = || json!({"name": "app", "image": "app:1"});
        let with = |field: &str, value: Value| {
            let mut container = app();
            container[field] = value;
            json!({"containers": [container]})
        };
        let of = |mut fields: Value| {
            fields["containers"] = json!([app()]);
            fields
        };
        let windows = |mut spec: Value| {
            spec["os"] = json!({"name": "windows"});
            spec
        };
        let init = |container: Value| json!({"containers": [app()], "initContainers": [container]});
        let (plain, sidecar) = (true, true);
        for (spec, as_it_is, injected) in [
            (of(json!({})), plain, sidecar),
            (windows(of(json!({}))), true, true),
            (windows(of(json!({"hostNetwork": true}))), true, true),
            (windows(of(json!({"hostPID": true}))), false, false),
            (windows(of(json!({"hostPID": false}))), true, true),
            (windows(of(json!({"hostUsers": true}))), false, false),
            (
                windows(of(json!({"shareProcessNamespace": false}))),
                false,
                false,
            ),
            (
                windows(of(json!({"securityContext": {"runAsUser": 1}}))),
                false,
                false,
            ),
            (
                windows(of(json!({"securityContext": {"runAsNonRoot": true}}))),
                true,
                true,
            ),
            (
                windows(with("securityContext", json!({"privileged": false}))),
                false,
                false,
            ),
            (
                windows(with("securityContext", json!({"capabilities": {}}))),
                false,
                false,
            ),
            (
                windows(with("securityContext", json!({"runAsNonRoot": true}))),
                true,
                true,
            ),
            (
                of(json!({"os": {"name": "linux"}, "securityContext": {"windowsOptions": {}}})),
                false,
                false,
            ),
            (
                of(json!({"securityContext": {"windowsOptions": {}}})),
                true,
                true,
            ),
            (
                of(json!({"hostUsers": false, "hostNetwork": true})),
                false,
                false,
            ),
            (
                of(json!({"hostUsers": false, "hostIPC": true})),
                false,
                false,
            ),
            (
                of(json!({"hostUsers": true, "hostNetwork": true})),
                true,
                true,
            ),
            (
                of(json!({"shareProcessNamespace": true, "hostPID": true})),
                false,
                false,
            ),
            (
                of(
                    json!({"hostNetwork": true, "securityContext": {"sysctls": [{"name": "net.ipv4.ip_forward", "value": "1"}]}}),
                ),
                false,
                false,
            ),
            (
                of(
                    json!({"hostIPC": true, "securityContext": {"sysctls": [{"name": "kernel.shm_rmid_forced", "value": "1"}]}}),
                ),
                false,
                false,
            ),
            (
                of(
                    json!({"hostPID": true, "securityContext": {"sysctls": [{"name": "net.ipv4.ip_forward", "value": "1"}]}}),
                ),
                true,
                true,
            ),
            (json!({"containers": [app(), app()]}), false, false),
            (init(app()), false, false),
            (json!({"containers": []}), false, true),
            (
                json!({"containers": [app(), {"name": "istio-proxy"}], "initContainers": [{"name": "istio-proxy"}]}),
                false,
                true,
            ),
            (
                with(
                    "resources",
                    json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
                ),
                false,
                false,
            ),
            (
                with(
                    "resources",
                    json!({"requests": {"ephemeral-storage": "2"}, "limits": {"ephemeral-storage": "1"}}),
                ),
                false,
                false,
            ),
            (
                with(
                    "resources",
                    json!({"requests": {"cpu": "1000m"}, "limits": {"cpu": "1"}}),
                ),
                true,
                true,
            ),
            (
                with("readinessProbe", json!({"httpGet": {"port": 0}})),
                false,
                true,
            ),
            (
                with("readinessProbe", json!({"httpGet": {"port": 70_000}})),
                false,
                true,
            ),
            (
                with("livenessProbe", json!({"grpc": {"port": 0}})),
                false,
                true,
            ),
            (
                with("readinessProbe", json!({"tcpSocket": {"port": "http"}})),
                true,
                true,
            ),
            (
                with("startupProbe", json!({"periodSeconds": 3})),
                false,
                false,
            ),
            (
                with(
                    "livenessProbe",
                    json!({"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}),
                ),
                false,
                false,
            ),
            (with("lifecycle", json!({"preStop": {}})), false, false),
            (
                with("lifecycle", json!({"preStop": {"sleep": {"seconds": 1}}})),
                true,
                true,
            ),
            (
                init(json!({"name": "setup", "readinessProbe": {"httpGet": {"port": 80}}})),
                false,
                false,
            ),
            (
                init(
                    json!({"name": "setup", "restartPolicy": "Always", "readinessProbe": {"httpGet": {"port": 80}}}),
                ),
                true,
                true,
            ),
            (
                of(json!({"volumes": [{"name": "a"}, {"name": "a"}]})),
                false,
                false,
            ),
            (
                of(json!({"volumes": [{"name": "a", "emptyDir": {}, "hostPath": {"path": "/"}}]})),
                false,
                false,
            ),
        ] {
            let pod = JudgedPod {
                namespace: "shop".to_owned(),
                labels: BTreeMap::new(),
                annotations: BTreeMap::new(),
                spec: serde_json::from_value(spec.clone()).unwrap(),
                name: None,
                generate_name: None,
            };
            let reasons = (invalid_without_sidecar(&pod), invalid(&pod));
            assert_eq!(
                (reasons.0.is_none(), reasons.1.is_none()),
                (as_it_is, injected),
                "{spec} {reasons:?}"
            );
        }
    }
}
