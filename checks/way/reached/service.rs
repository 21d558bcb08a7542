//! Is the Service there, with the port that is called?
//!
//! Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/proxy/proxy.go` (`ResolveCluster`, and
//! `ResolveEndpoint` where kube-apiserver runs with `--enable-aggregator-routing=true`).

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::{Service, ServicePort};

use super::no_proxy::api_server_container;
use super::{Obstacle, Step};
use crate::facts::Missing;
use crate::way::Case;

/// The port of a Service that a webhook calls.
pub fn called_port(service: &ServiceReference) -> i32 {
    service.port.unwrap_or(443)
}

/// The name by which the API server calls a Service, and which istiod's certificate has to bear.
pub fn host(service: &ServiceReference) -> String {
    format!("{}.{}.svc", service.name, service.namespace)
}

/// The port of the Service that a webhook calls.
pub fn port<'a>(case: &Case<'a>, reference: &ServiceReference) -> Step<&'a ServicePort> {
    let Some(service) = case.service(&reference.namespace, &reference.name)? else {
        return Ok(Err(Obstacle::ServiceMissing));
    };
    if let Some(type_) = unroutable(case, service)? {
        return Ok(Err(Obstacle::ServiceType(type_)));
    }
    let called = called_port(reference);
    let spec = service.spec.as_ref();
    let ports = spec
        .and_then(|spec| spec.ports.as_deref())
        .unwrap_or_default();
    // The API server asks for the number only, but nothing answers on a port of another protocol.
    let is_tcp = |port: &&ServicePort| matches!(port.protocol.as_deref(), None | Some("TCP"));
    let tcp: Vec<_> = ports.iter().filter(is_tcp).collect();
    let found = tcp.iter().find(|port| port.port == called);
    Ok(found.copied().ok_or_else(|| Obstacle::PortMissing {
        called,
        has: tcp.iter().map(|port| port.port).collect(),
    }))
}

/// What makes a Service one that the API server cannot route to. With aggregator routing it looks for
/// an endpoint itself; without, it dials the cluster IP, or the name of an ExternalName Service.
fn unroutable(case: &Case, service: &Service) -> Result<Option<&'static str>, Missing> {
    let Some(spec) = &service.spec else {
        return Ok(None);
    };
    if spec.type_.as_deref() == Some("ExternalName") {
        if aggregator_routing(case) == Ok(true) {
            return Ok(Some("ExternalName"));
        }
        return Err(Missing(format!(
            "the Service is another name of {}: whether that answers cannot be seen from the cluster's API",
            spec.external_name.as_deref().unwrap_or_default()
        )));
    }
    if spec.internal_traffic_policy.as_deref() == Some("Local") {
        return Err(Missing(
            "the Service's internalTrafficPolicy is Local: whether an endpoint is on the API server's node is not known"
                .to_owned(),
        ));
    }
    if spec.cluster_ip.as_deref() == Some("None") && !aggregator_routing(case)? {
        return Ok(Some("headless"));
    }
    Ok(None)
}

/// Whether the API servers look for endpoints themselves.
fn aggregator_routing(case: &Case) -> Result<bool, Missing> {
    const FLAG: &str = "--enable-aggregator-routing";
    let mut settings = case.api_servers()?.iter().map(|pod| {
        let container = api_server_container(pod);
        let words = container
            .into_iter()
            .flat_map(|container| container.command.iter().chain(&container.args).flatten());
        let set = words.filter_map(|word| word.strip_prefix(FLAG)).next_back();
        matches!(
            set,
            Some("" | "=true" | "=1" | "=t" | "=T" | "=True" | "=TRUE")
        )
    });
    match settings.next() {
        Some(first) if settings.all(|other| other == first) => Ok(first),
        _ => Err(Missing(format!(
            "whether kube-apiserver runs with {FLAG} is not visible"
        ))),
    }
}
