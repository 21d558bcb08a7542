//! Does the API server's call arrive at istiod?
//!
//! Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/{webhook/client.go,proxy/proxy.go}`. The
//! questions come in the API server's order: it reads caBundle before it looks for the Service, and
//! verifies the certificate after it has connected.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, ServiceReference};
use k8s_openapi::api::core::v1::{Pod, Service, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::injector::{environment, istiod_container, minor_version, path, revision};
use super::{Answer, names};
use crate::eval::certificates::{Trust, md5_hex, parse_pem_bundle, trusts};
use crate::eval::no_proxy::{ProxyDecision, webhook_goes_through_proxy};
use crate::facts::{Facts, Missing};

/// Whether a call arrives.
pub type Reached = Answer<Arrival, Unreachable>;

/// Who answers the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An istiod of the cluster.
    Istiod(Istiod),
    /// Some other vendor's webhook, which is taken to answer.
    Foreign,
}

/// The istiod behind a webhook entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Istiod {
    /// Its namespace.
    pub namespace: String,
    /// Its revision: environment variable `REVISION`, never a label's text.
    pub revision: String,
    /// N of its version 1.N, where the image's tag tells.
    pub minor: Option<u32>,
}

impl Istiod {
    /// The ConfigMap from which it takes the injector's configuration.
    pub fn injector_config_map(&self) -> String {
        names::with_revision("istio-sidecar-injector", &self.revision)
    }
}

/// Why a call does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// caBundle holds no certificate in PEM.
    CaBundleNotPem,
    /// There is no such Service.
    ServiceMissing,
    /// The Service has no such port.
    PortMissing {
        /// The port that the webhook calls.
        called: i32,
        /// The ports that the Service has.
        has: Vec<i32>,
    },
    /// The API server cannot route to a Service like this.
    ServiceType(String),
    /// The API server sends the call to a proxy.
    Proxied {
        /// The pod of kube-apiserver whose environment says so; none where a rejection does.
        api_server: Option<String>,
        /// The variable that names the proxy, and the proxy; or the API server's own words.
        because: String,
    },
    /// The Service selects pods that are no istiod.
    WrongPods(Vec<String>),
    /// No endpoint is ready.
    NoEndpoints {
        /// How many endpoints there are that are not ready.
        unready: usize,
    },
    /// The endpoints' port is not the one on which istiod serves.
    TargetPort {
        /// The endpoints' port.
        actual: i32,
        /// The port on which istiod serves.
        expected: i32,
    },
    /// caBundle is empty, and no public authority vouches for a Service.
    CaBundleEmpty,
    /// A certificate of the chain is out of its time.
    CertificateExpired(String),
    /// caBundle does not vouch for istiod's root.
    CaBundleMismatch(String),
    /// istiod answers, but nobody serves this path.
    NotServing(String),
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Istiod(istiod) => {
                write!(
                    f,
                    "istiod of revision {} in {} is ready",
                    istiod.revision, istiod.namespace
                )
            }
            Self::Foreign => f.write_str("not Istio's: taken to answer"),
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaBundleNotPem => f.write_str("caBundle holds no PEM certificate"),
            Self::ServiceMissing => f.write_str("its Service does not exist"),
            Self::PortMissing { called, .. } => write!(f, "its Service has no port {called}"),
            Self::ServiceType(type_) => {
                write!(f, "the API server cannot route to a {type_} Service")
            }
            Self::Proxied { because, .. } => {
                write!(f, "the API server calls it through a proxy: {because}")
            }
            Self::WrongPods(pods) => {
                write!(f, "its Service selects {}, not istiod", pods.join(", "))
            }
            Self::NoEndpoints { unready: 0 } => f.write_str("its Service has no endpoints"),
            Self::NoEndpoints { unready } => write!(f, "none of {unready} endpoints is ready"),
            Self::TargetPort { actual, expected } => {
                write!(
                    f,
                    "its endpoints are on port {actual}, istiod serves on {expected}"
                )
            }
            Self::CaBundleEmpty => f.write_str("caBundle is empty"),
            Self::CertificateExpired(why) | Self::CaBundleMismatch(why) | Self::NotServing(why) => {
                f.write_str(why)
            }
        }
    }
}

/// Whether the API server's call of a webhook entry arrives; `injector` tells Istio's from others'.
pub fn reached(facts: &Facts, webhook: &MutatingWebhook, injector: bool) -> Reached {
    match destination(facts, webhook, injector) {
        Ok(Ok(arrival)) => Answer::Yes(arrival),
        Ok(Err(unreachable)) => Answer::No(unreachable),
        Err(missing) => Answer::Unknown(missing),
    }
}

fn destination(
    facts: &Facts,
    webhook: &MutatingWebhook,
    injector: bool,
) -> Result<Result<Arrival, Unreachable>, Missing> {
    let ca_bundle = ca_bundle(webhook);
    if !ca_bundle.is_empty() && parse_pem_bundle(ca_bundle).certificates.is_empty() {
        return Ok(Err(Unreachable::CaBundleNotPem));
    }
    let client = &webhook.client_config;
    let Some(service) = &client.service else {
        let url = client.url.as_deref().unwrap_or_default();
        if !injector {
            return Ok(Ok(Arrival::Foreign));
        }
        return Err(Missing(format!(
            "whether {url} answers cannot be seen from the cluster's API"
        )));
    };
    let endpoints = match endpoints(facts, service)? {
        Ok(endpoints) => endpoints,
        Err(unreachable) => return Ok(Err(unreachable)),
    };
    if let Some(proxied) = proxied(facts, webhook, service)? {
        return Ok(Err(proxied));
    }
    if endpoints.ready.is_empty() {
        return Ok(Err(Unreachable::NoEndpoints {
            unready: endpoints.unready,
        }));
    }
    if !injector {
        let empty = ca_bundle.is_empty().then_some(Unreachable::CaBundleEmpty);
        return Ok(empty.map_or(Ok(Arrival::Foreign), Err));
    }
    let istiods = istiods(facts, service, &endpoints)?;
    let Ok((istiod, pods)) = istiods else {
        return Ok(istiods.map(|(istiod, _)| Arrival::Istiod(istiod)));
    };
    if let Some(unreachable) = distrust(facts, ca_bundle, &istiod)? {
        return Ok(Err(unreachable));
    }
    if let Some(unreachable) = unserved(facts, webhook, &istiod, &pods)? {
        return Ok(Err(unreachable));
    }
    Ok(Ok(Arrival::Istiod(istiod)))
}

/// The bytes of caBundle; empty where it is absent.
pub fn ca_bundle(webhook: &MutatingWebhook) -> &[u8] {
    webhook
        .client_config
        .ca_bundle
        .as_ref()
        .map_or(&[], |bundle| bundle.0.as_slice())
}

/// The port of a Service that a webhook calls.
pub fn called_port(service: &ServiceReference) -> i32 {
    service.port.unwrap_or(443)
}

/// The endpoints to which a Service's port leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Port and pod name of each ready endpoint; no name where it is no pod's.
    pub ready: Vec<(i32, Option<String>)>,
    /// How many are not ready.
    pub unready: usize,
}

/// The endpoints behind a webhook's Service, or why the API server does not get that far.
///
/// # Errors
/// [`Missing`] where the Service or its EndpointSlices were not read.
pub fn endpoints(
    facts: &Facts,
    reference: &ServiceReference,
) -> Result<Result<Endpoints, Unreachable>, Missing> {
    let (namespace, name) = (&reference.namespace, &reference.name);
    let Some(service) = facts.service(namespace, name)? else {
        return Ok(Err(Unreachable::ServiceMissing));
    };
    if let Some(unroutable) = unroutable(service) {
        return Ok(Err(Unreachable::ServiceType(unroutable)));
    }
    let called = called_port(reference);
    let ports = service
        .spec
        .as_ref()
        .and_then(|spec| spec.ports.as_deref())
        .unwrap_or_default();
    let Some(port) = ports.iter().find(|port| port.port == called) else {
        let has = ports.iter().map(|port| port.port).collect();
        return Ok(Err(Unreachable::PortMissing { called, has }));
    };
    Ok(Ok(behind(facts.endpoint_slices(namespace, name)?, port)))
}

fn unroutable(service: &Service) -> Option<String> {
    let spec = service.spec.as_ref()?;
    if spec.type_.as_deref() == Some("ExternalName") {
        return Some("ExternalName".to_owned());
    }
    (spec.cluster_ip.as_deref() == Some("None")).then(|| "headless".to_owned())
}

fn behind(slices: &[EndpointSlice], port: &ServicePort) -> Endpoints {
    let mut endpoints = Endpoints::default();
    for slice in slices {
        let ports = slice.ports.iter().flatten();
        let named = |name: &Option<String>| name.as_deref().unwrap_or_default().to_owned();
        let target = ports
            .filter(|one| named(&one.name) == named(&port.name))
            .find_map(|one| one.port);
        let Some(target) = target else { continue };
        for endpoint in &slice.endpoints {
            let ready = endpoint
                .conditions
                .as_ref()
                .and_then(|conditions| conditions.ready);
            if ready.unwrap_or(true) {
                let pod = endpoint
                    .target_ref
                    .as_ref()
                    .filter(|object| object.kind.as_deref() == Some("Pod"));
                endpoints
                    .ready
                    .push((target, pod.and_then(|pod| pod.name.clone())));
            } else {
                endpoints.unready += 1;
            }
        }
    }
    endpoints
}

/// Why the API server's call goes to a proxy, if it does.
fn proxied(
    facts: &Facts,
    webhook: &MutatingWebhook,
    service: &ServiceReference,
) -> Result<Option<Unreachable>, Missing> {
    let host = format!("{}.{}.svc", service.name, service.namespace);
    let port = u16::try_from(called_port(service)).unwrap_or(443);
    let api_servers = facts.api_servers()?;
    for pod in api_servers {
        if let ProxyDecision::Proxied { proxy, variable } =
            webhook_goes_through_proxy(&proxy_environment(pod), &host, port)
        {
            return Ok(Some(Unreachable::Proxied {
                api_server: pod.metadata.name.clone(),
                because: format!("{variable}={proxy}, and no_proxy does not exempt {host}"),
            }));
        }
    }
    // Where the API servers are out of sight, the error that they gave is the only witness.
    let rejection = if api_servers.is_empty() {
        facts.observation().rejection.clone()
    } else {
        None
    };
    Ok(rejection
        .filter(|rejection| speaks_of_proxy(&rejection.message, &webhook.name))
        .map(|rejection| Unreachable::Proxied {
            api_server: None,
            because: rejection.message,
        }))
}

/// The environment of kube-apiserver as far as it is written in its pod.
pub fn proxy_environment(pod: &Pod) -> BTreeMap<String, String> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let variables = containers.flat_map(|container| container.env.iter().flatten());
    variables
        .filter_map(|variable| Some((variable.name.clone(), variable.value.clone()?)))
        .collect()
}

/// Whether the API server's error about a webhook entry is one that only a proxy causes.
fn speaks_of_proxy(message: &str, webhook: &str) -> bool {
    message.contains(&format!("failed calling webhook \"{webhook}\""))
        && [
            "proxyconnect tcp",
            "Service Unavailable",
            "Proxy Authentication Required",
            "Bad Gateway",
        ]
        .iter()
        .any(|text| message.contains(text))
}

type Istiods<'a> = Result<(Istiod, Vec<&'a Pod>), Unreachable>;

/// The istiod behind ready endpoints, and its pods.
fn istiods<'a>(
    facts: &Facts<'a>,
    service: &ServiceReference,
    endpoints: &Endpoints,
) -> Result<Istiods<'a>, Missing> {
    let in_namespace = facts.istiod_pods(&service.namespace)?;
    let mut found: Vec<(Istiod, &Pod)> = Vec::new();
    let mut others = Vec::new();
    for (port, name) in &endpoints.ready {
        let name = name.clone().unwrap_or_default();
        let pod = in_namespace
            .iter()
            .find(|pod| pod.metadata.name.as_ref() == Some(&name));
        let Some(pod) = pod else {
            return Err(Missing(format!(
                "an endpoint of Service {} is no pod of {}, so its revision is not visible",
                service.name, service.namespace
            )));
        };
        let Some(container) = istiod_container(pod) else {
            others.push(name);
            continue;
        };
        let expected = injector_port(container);
        if *port != expected {
            return Ok(Err(Unreachable::TargetPort {
                actual: *port,
                expected,
            }));
        }
        let istiod = Istiod {
            namespace: service.namespace.clone(),
            revision: revision(container).to_owned(),
            minor: minor_version(container),
        };
        found.push((istiod, pod));
    }
    if !others.is_empty() && found.is_empty() {
        return Ok(Err(Unreachable::WrongPods(others)));
    }
    let Some((istiod, _)) = found.first().cloned() else {
        return Ok(Err(Unreachable::NoEndpoints {
            unready: endpoints.unready,
        }));
    };
    if !others.is_empty()
        || found
            .iter()
            .any(|(other, _)| other.revision != istiod.revision)
    {
        return Err(Missing(format!(
            "Service {} leads to different programs or revisions in turn",
            service.name
        )));
    }
    Ok(Ok((
        istiod,
        found.into_iter().map(|(_, pod)| pod).collect(),
    )))
}

/// The port on which an istiod serves the injector: `--httpsAddr`, whose default is `:15017`.
fn injector_port(container: &k8s_openapi::api::core::v1::Container) -> i32 {
    let mut arguments = container
        .args
        .iter()
        .flatten()
        .chain(container.command.iter().flatten());
    let address = arguments.find_map(|argument| argument.strip_prefix("--httpsAddr="));
    address
        .and_then(|address| address.rsplit_once(':'))
        .and_then(|(_, port)| port.parse().ok())
        .unwrap_or(names::INJECTOR_PORT)
}

/// Why the API server does not trust istiod's certificate, if so.
fn distrust(
    facts: &Facts,
    ca_bundle: &[u8],
    istiod: &Istiod,
) -> Result<Option<Unreachable>, Missing> {
    if ca_bundle.is_empty() {
        return Ok(Some(Unreachable::CaBundleEmpty));
    }
    let Some(root) = root_certificate(facts, &istiod.namespace)? else {
        return Err(Missing(format!(
            "istio-ca-root-cert is absent from {}, so istiod's root is not visible",
            istiod.namespace
        )));
    };
    let bundle = parse_pem_bundle(ca_bundle);
    match trusts(&bundle, &parse_pem_bundle(root.as_bytes()), facts.now()) {
        Trust::Verifies => Ok(None),
        Trust::Expired { why } => Ok(Some(Unreachable::CertificateExpired(why))),
        Trust::Fails { why } => Ok(Some(Unreachable::CaBundleMismatch(format!(
            "caBundle (md5 {}) is not istiod's root (md5 {}): {why}",
            md5_hex(ca_bundle),
            md5_hex(root.as_bytes())
        )))),
        Trust::CannotTell { why } => Err(Missing(why)),
    }
}

/// `root-cert.pem` of istio-ca-root-cert in a namespace.
///
/// # Errors
/// [`Missing`] where the ConfigMap was not read.
pub fn root_certificate<'a>(
    facts: &Facts<'a>,
    namespace: &str,
) -> Result<Option<&'a String>, Missing> {
    let config_map = facts.root_certificate(namespace)?;
    Ok(config_map.and_then(|config_map| config_map.data.as_ref()?.get("root-cert.pem")))
}

/// Why istiod answers with 404, if so.
fn unserved(
    facts: &Facts,
    webhook: &MutatingWebhook,
    istiod: &Istiod,
    pods: &[&Pod],
) -> Result<Option<Unreachable>, Missing> {
    let path = path(webhook).unwrap_or("/");
    if path != "/inject" && !path.starts_with("/inject/") {
        return Ok(Some(Unreachable::NotServing(format!(
            "istiod serves /inject, not {path}"
        ))));
    }
    let off = pods
        .iter()
        .filter_map(|pod| istiod_container(pod))
        .any(|container| environment(container, "INJECT_ENABLED") == Some("false"));
    if off {
        return Ok(Some(Unreachable::NotServing(
            "istiod runs with INJECT_ENABLED=false and serves no injector".to_owned(),
        )));
    }
    let name = istiod.injector_config_map();
    if facts
        .injector_config_map(&istiod.namespace, &name)?
        .is_some()
    {
        return Ok(None);
    }
    // An istiod that started while it was there goes on with what it read, so its absence alone
    // does not prove the 404; the API server's own error does.
    let rejection = facts.observation().rejection.clone();
    let is_404 = rejection.is_some_and(|rejection| {
        rejection.message.contains(&webhook.name)
            && rejection
                .message
                .contains("could not find the requested resource")
    });
    if is_404 {
        return Ok(Some(Unreachable::NotServing(format!(
            "istiod serves no injector: ConfigMap {name} was absent when it started"
        ))));
    }
    Err(Missing(format!(
        "ConfigMap {name} is absent from {}: an istiod that started without it serves no injector, \
         one that started before goes on with what it read",
        istiod.namespace
    )))
}
