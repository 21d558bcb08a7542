//! Whether the API server takes what the proxy asks for: no more than its limit.
//!
//! Source: Istio 1.31, `files/injection-template.yaml` of the chart (`resources`); Kubernetes 1.36,
//! `pkg/apis/core/validation/validation.go` (`ValidateContainerResourceRequirements`).

use k8s_openapi::api::core::v1::{Container, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

use super::containers::{PROXY, proxies};
use crate::facts::Missing;
use crate::rules::annotations::amount;
use crate::way::{InjectorConfig, JudgedPod};

/// A resource of the proxy by its name in Kubernetes, with the annotations of its request and of its limit.
pub const RESOURCES: [(&str, &str, &str); 2] = [
    (
        "cpu",
        "sidecar.istio.io/proxyCPU",
        "sidecar.istio.io/proxyCPULimit",
    ),
    (
        "memory",
        "sidecar.istio.io/proxyMemory",
        "sidecar.istio.io/proxyMemoryLimit",
    ),
];

/// Why the API server refuses the injected pod for the resources of its proxy, if so. A container of the pod's own called
/// like the proxy comes first, then the annotations, and only without any of these the injector's values.
pub(super) fn conflict(
    injector: &InjectorConfig,
    templates: &[&str],
    pod: &JudgedPod,
) -> Result<Option<String>, Missing> {
    if proxies(templates) == 0 {
        return Ok(None);
    }
    let annotations = RESOURCES
        .iter()
        .flat_map(|(_, request, limit)| [request, limit]);
    let annotated = annotations
        .into_iter()
        .any(|name| pod.annotations.contains_key(*name));
    let own = own_resources(pod);
    if !annotated && own.is_none() {
        return Ok(None);
    }
    for (resource, request, limit) in RESOURCES {
        let limits = own.and_then(|own| own.limits.as_ref()?.get(resource));
        // Where a container has a limit only, the API server makes it the request, too, before any webhook is called.
        let requests = own.and_then(|own| own.requests.as_ref()?.get(resource));
        let requests = requests.or(limits);
        let of_template = |annotation: &str, field: &str| match annotated {
            true => Ok(pod.annotations.get(annotation).cloned()),
            false => by_values(injector, field, resource),
        };
        let (request, limit) = (
            of_template(request, "requests")?,
            of_template(limit, "limits")?,
        );
        // The init container has no others.
        for (request, limit) in [
            (&request, &limit),
            (
                &text(requests).or(request.clone()),
                &text(limits).or(limit.clone()),
            ),
        ] {
            if let (Some(request), Some(limit)) = (request, limit)
                && is_above(request, limit)
            {
                return Ok(Some(format!(
                    "its proxy asks for {request} of {resource}, and its limit is {limit}"
                )));
            }
        }
    }
    Ok(None)
}

fn own_resources(pod: &JudgedPod) -> Option<&ResourceRequirements> {
    let init_containers = pod.spec.init_containers.iter().flatten();
    let mut containers = pod.spec.containers.iter().chain(init_containers);
    let proxy: &Container = containers.find(|container| container.name == PROXY)?;
    proxy.resources.as_ref()
}

fn text(quantity: Option<&Quantity>) -> Option<String> {
    quantity.map(|quantity| quantity.0.clone())
}

fn by_values(
    injector: &InjectorConfig,
    field: &str,
    resource: &str,
) -> Result<Option<String>, Missing> {
    let values = injector.known_values()?;
    let value = values.pointer(&format!("/global/proxy/resources/{field}/{resource}"));
    Ok(value.and_then(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }))
}

/// Whether one quantity is more than another; what differs in the sixteenth digit does not.
pub(crate) fn is_above(request: &str, limit: &str) -> bool {
    match (amount(request), amount(limit)) {
        (Some(request), Some(limit)) => request > limit * (1.0 + 1e-12),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::pod;
    use super::*;
    use crate::way::Config;

    #[test]
    fn a_request_is_at_most_the_limit() {
        let (cpu, cpu_limit) = (
            "sidecar.istio.io/proxyCPU",
            "sidecar.istio.io/proxyCPULimit",
        );
        let none = json!({});
        let own_limit = |limit: &str| json!({"limits": {"cpu": limit}});
        let own_request = |request: &str| json!({"requests": {"cpu": request}});
        for (annotations, own, expected) in [
            (&[][..], &none, false),
            (&[(cpu, "3")], &none, false),
            (&[(cpu_limit, "1m")], &none, false),
            (&[(cpu, "3"), (cpu_limit, "3000m")], &none, false),
            (&[(cpu, "3"), (cpu_limit, "2999m")], &none, true),
            (&[], &own_limit("1"), false),
            (&[], &own_limit("99m"), false),
            (&[], &own_request("3"), true),
            (&[(cpu, "2")], &own_limit("1"), false),
            (&[(cpu_limit, "2")], &own_request("3"), true),
            (&[(cpu, "2")], &own_request("3"), false),
            (&[(cpu, "2"), (cpu_limit, "1")], &own_limit("3"), true),
        ] {
            let mut pod = pod(annotations);
            let proxy = json!({"name": "istio-proxy", "resources": own});
            pod.spec.containers = vec![serde_json::from_value(proxy).unwrap()];
            let resources = json!({"requests": {"cpu": "100m"}, "limits": {"cpu": 2}});
            let injector = InjectorConfig::new(
                Ok(Config::default().into()),
                Ok(json!({"global": {"proxy": {"resources": resources}}})),
            );
            let conflict = |templates| conflict(&injector, templates, &pod).unwrap();
            assert_eq!(
                conflict(&["- name: istio-proxy\n"]).is_some(),
                expected,
                "{annotations:?} {own}"
            );
            assert_eq!(conflict(&[""]), None);
        }
    }
}
