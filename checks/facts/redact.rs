//! What must not leave the cluster in a file.

use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Fact, Snapshot};

/// What stands in the place of a value that may hold a credential.
pub const REDACTED: &str = "REDACTED";

/// Environment variables whose values decide about injection and hold no credentials.
const PLAIN_ENVIRONMENT: &[&str] = &[
    "REVISION",
    "INJECT_ENABLED",
    "INJECTION_WEBHOOK_CONFIG_NAME",
    "PILOT_CERT_PROVIDER",
    "EXTERNAL_ISTIOD",
    "ISTIOD_CUSTOM_HOST",
    "CLUSTER_ID",
    "ENABLE_NATIVE_SIDECARS",
    "NO_PROXY",
    "no_proxy",
];

/// Environment variables whose values are URLs that may carry a user and a password.
const PROXY_ENVIRONMENT: &[&str] = &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// Prefixes of the annotations that decide about injection; all others are redacted.
const PLAIN_ANNOTATIONS: &[&str] = &[
    "sidecar.istio.io/",
    "inject.istio.io/",
    "istio.io/",
    "proxy.istio.io/",
    "prometheus.istio.io/",
    "prometheus.io/",
    "status.sidecar.istio.io/",
    "readiness.status.sidecar.istio.io/",
    "traffic.sidecar.istio.io/",
    "topology.istio.io/",
    "kubernetes.io/config.",
    "deployment.kubernetes.io/",
    "admissions.enforcer/",
];

/// The snapshot without environment values, annotations and managedFields that may hold credentials.
/// What the checks read stays.
pub fn redact(mut snapshot: Snapshot) -> Snapshot {
    let cluster = &mut snapshot.cluster;
    for pods in cluster.pods.values_mut().chain([&mut cluster.api_servers]) {
        for pod in got_mut(pods).into_iter().flatten() {
            redact_metadata(&mut pod.metadata);
            pod.spec.iter_mut().for_each(redact_spec);
        }
    }
    for deployment in cluster
        .deployments
        .values_mut()
        .filter_map(got_mut)
        .flatten()
    {
        redact_metadata(&mut deployment.metadata);
        if let Some(spec) = &mut deployment.spec {
            spec.template.metadata.iter_mut().for_each(redact_metadata);
            spec.template.spec.iter_mut().for_each(redact_spec);
        }
    }
    for namespace in cluster.namespaces.values_mut().filter_map(got_mut) {
        redact_metadata(&mut namespace.metadata);
    }
    for config_map in cluster.config_maps.values_mut().filter_map(got_mut) {
        redact_metadata(&mut config_map.metadata);
    }
    for service in cluster.services.values_mut().filter_map(got_mut) {
        redact_metadata(&mut service.metadata);
    }
    for webhook in got_mut(&mut cluster.webhooks).into_iter().flatten() {
        redact_metadata(&mut webhook.metadata);
    }
    for subject in &mut snapshot.subjects {
        let workloads = std::iter::once(&mut subject.object)
            .chain(&mut subject.owners)
            .filter_map(got_mut)
            .chain(got_mut(&mut subject.replica_sets).into_iter().flatten());
        for workload in workloads {
            redact_metadata(&mut workload.metadata);
            redact_metadata(&mut workload.template.metadata);
            redact_spec(&mut workload.template.spec);
        }
        for pod in got_mut(&mut subject.pods).into_iter().flatten() {
            redact_metadata(&mut pod.metadata);
            pod.spec.iter_mut().for_each(redact_spec);
        }
    }
    snapshot
}

fn got_mut<T>(fact: &mut Fact<T>) -> Option<&mut T> {
    match fact {
        Fact::Got(value) => Some(value),
        _ => None,
    }
}

fn redact_metadata(metadata: &mut ObjectMeta) {
    for (name, value) in metadata.annotations.iter_mut().flatten() {
        if !PLAIN_ANNOTATIONS
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            REDACTED.clone_into(value);
        }
    }
}

fn redact_spec(spec: &mut PodSpec) {
    let containers = spec.containers.iter_mut();
    for container in containers.chain(spec.init_containers.iter_mut().flatten()) {
        redact_container(container);
    }
}

fn redact_container(container: &mut Container) {
    for variable in container.env.iter_mut().flatten() {
        let Some(value) = &mut variable.value else {
            continue;
        };
        if PROXY_ENVIRONMENT.contains(&variable.name.as_str()) {
            *value = without_user(value);
        } else if !PLAIN_ENVIRONMENT.contains(&variable.name.as_str()) {
            REDACTED.clone_into(value);
        }
    }
}

/// A URL without its user and password.
pub fn without_user(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{REDACTED}@{host}{path}"),
        None => url.to_owned(),
    }
}
