//! Is an endpoint of the Service ready?
//!
//! Source: Kubernetes 1.36, `pkg/proxy/topology.go` (`CategorizeEndpoints`) and
//! `k8s.io/api/discovery/v1/types.go`: an absent condition `ready` means ready.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

use super::api_server_error::{self, CallError};
use super::service::{self, NoPort, NoService, Unroutable};
use super::step::{Entry, Step};
use crate::facts::Missing;
use crate::texts::Transport;
use crate::way::Case;
use crate::way::changes::behind_service;

mod none_ready;

pub use none_ready::NoEndpoints;

/// The endpoints to which a Service's port leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Port and pod name of each ready endpoint; no name where it is no pod's.
    pub ready: Vec<(i32, Option<String>)>,
    /// How many are not ready.
    pub unready: usize,
    /// How many of those are about to end, and answer until then.
    pub ending: usize,
}

/// The endpoints behind a webhook's Service, or why the API server does not get that far.
///
/// # Errors
/// [`Missing`] where the Service or its EndpointSlices were not read.
pub fn endpoints<O>(case: &Case, reference: &ServiceReference) -> Step<Endpoints, O>
where
    O: From<NoService> + From<Unroutable> + From<NoPort>,
{
    match service::called(case, reference, None)? {
        Ok(port) => Ok(Ok(behind_port(case, reference, port)?)),
        Err(obstacle) => Ok(Err(obstacle)),
    }
}

/// The endpoints of a Service's port, of which at least one is ready.
pub fn ready(
    case: &Case,
    reference: &ServiceReference,
    port: &ServicePort,
) -> Step<Endpoints, NoEndpoints> {
    let endpoints = behind_port(case, reference, port)?;
    if !endpoints.ready.is_empty() {
        return Ok(Ok(endpoints));
    }
    if endpoints.ending > 0 {
        return Err(Missing(format!(
            "the last endpoints of Service {} are terminating: they answer until they have ended",
            reference.name
        )));
    }
    Ok(Err(NoEndpoints {
        service: reference.into(),
        unready: endpoints.unready,
        silent: None,
    }))
}

/// The same of a Service whose addresses were written by hand: only the API server's words tell whether they answer,
/// unless what stands behind the Service was changed since.
pub fn answering(
    case: &Case,
    entry: Entry,
    reference: &ServiceReference,
    endpoints: Endpoints,
) -> Step<Endpoints, NoEndpoints> {
    let silent = |error: &CallError| {
        matches!(
            error.transport,
            Some(
                Transport::Refused
                    | Transport::DialTimeout
                    | Transport::NoRoute
                    | Transport::Unreachable
            )
        )
    };
    let (namespace, name) = (&reference.namespace, &reference.name);
    let error = api_server_error::standing(case, entry, || behind_service(case, namespace, name))?;
    match error {
        Some(error) if silent(&error) => Ok(Err(NoEndpoints {
            service: reference.into(),
            unready: endpoints.unready,
            silent: Some(error.text),
        })),
        Some(_) => Ok(Ok(endpoints)),
        None => {
            let slices = case.endpoint_slices(namespace, name)?.iter();
            let all =
                slices.flat_map(|slice| slice.endpoints.iter().flat_map(|one| &one.addresses));
            let addresses: Vec<_> = all.map(String::as_str).collect();
            Err(Missing(format!(
                "the addresses of Service {name} were written by hand ({}): whether they answer cannot be seen from the \
                 cluster's API",
                addresses.join(", ")
            )))
        }
    }
}

fn behind_port(
    case: &Case,
    reference: &ServiceReference,
    port: &ServicePort,
) -> Result<Endpoints, Missing> {
    let (namespace, name) = (&reference.namespace, &reference.name);
    let service = case.service(namespace, name)?;
    let slices = case.endpoint_slices(namespace, name)?;
    Ok(behind(slices, port, service.and_then(address_type)))
}

/// The kind of addresses that stand behind the Service's cluster IP.
fn address_type(service: &Service) -> Option<&'static str> {
    let ip = service.spec.as_ref()?.cluster_ip.as_deref()?;
    match ip {
        "" | "None" => None,
        ip if ip.contains(':') => Some("IPv6"),
        _ => Some("IPv4"),
    }
}

fn behind(slices: &[EndpointSlice], port: &ServicePort, family: Option<&str>) -> Endpoints {
    let mut ready = BTreeSet::new();
    let mut endpoints = Endpoints::default();
    let of_family =
        |slice: &&EndpointSlice| family.is_none_or(|family| slice.address_type == family);
    for slice in slices.iter().filter(of_family) {
        let Some(target) = target_port(slice, port) else {
            continue;
        };
        for endpoint in &slice.endpoints {
            if is(endpoint, |conditions| conditions.ready, true) {
                ready.insert((target, pod_name(endpoint), endpoint.addresses.clone()));
            } else {
                endpoints.unready += 1;
                let serving = is(endpoint, |conditions| conditions.serving, false);
                let terminating = is(endpoint, |conditions| conditions.terminating, false);
                endpoints.ending += usize::from(serving && terminating);
            }
        }
    }
    let ready = ready.into_iter();
    endpoints.ready = ready.map(|(target, pod, _)| (target, pod)).collect();
    endpoints
}

fn is(
    endpoint: &Endpoint,
    condition: fn(&k8s_openapi::api::discovery::v1::EndpointConditions) -> Option<bool>,
    default: bool,
) -> bool {
    let conditions = endpoint.conditions.as_ref();
    conditions.and_then(condition).unwrap_or(default)
}

/// The port of a slice's endpoints that stands behind a Service's port: that of the same name.
fn target_port(slice: &EndpointSlice, port: &ServicePort) -> Option<i32> {
    let named = |name: &Option<String>| name.as_deref().unwrap_or_default().to_owned();
    let ports = slice.ports.iter().flatten();
    ports
        .filter(|one| named(&one.name) == named(&port.name))
        .find_map(|one| one.port)
}

fn pod_name(endpoint: &Endpoint) -> Option<String> {
    let object = endpoint.target_ref.as_ref()?;
    (object.kind.as_deref() == Some("Pod")).then(|| object.name.clone())?
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn slice(family: &str, port: &str, endpoints: &Value) -> EndpointSlice {
        serde_json::from_value(json!({
            "addressType": family,
            "ports": [{ "name": port, "port": 15017 }],
            "endpoints": endpoints,
        }))
        .unwrap()
    }

    fn endpoint(pod: &str, conditions: &Value) -> Value {
        json!({ "addresses": [pod], "conditions": conditions, "targetRef": { "kind": "Pod", "name": pod } })
    }

    #[test]
    fn an_endpoint_counts_by_port_family_and_conditions() {
        let port: ServicePort =
            serde_json::from_value(json!({ "name": "https-webhook", "port": 443 })).unwrap();
        let ready = endpoint("a", &json!({ "ready": true }));
        let unready = endpoint("b", &json!({ "ready": false, "serving": false }));
        let ending = endpoint(
            "c",
            &json!({ "ready": false, "serving": true, "terminating": true }),
        );
        let told_nothing = endpoint("d", &json!({}));
        for (family, name, endpoints, counts) in [
            ("IPv4", "https-webhook", json!([ready, unready]), (1, 1, 0)),
            ("IPv4", "https-webhook", json!([ending]), (0, 1, 1)),
            ("IPv4", "https-webhook", json!([told_nothing]), (1, 0, 0)),
            ("IPv6", "https-webhook", json!([ready]), (0, 0, 0)),
            ("IPv4", "https-dns", json!([ready]), (0, 0, 0)),
            ("IPv4", "https-webhook", json!([]), (0, 0, 0)),
        ] {
            let slices = [slice(family, name, &endpoints)];
            let found = behind(&slices, &port, Some("IPv4"));
            let found = (found.ready.len(), found.unready, found.ending);
            assert_eq!(found, counts, "{family} {name} {endpoints}");
        }
    }
}
