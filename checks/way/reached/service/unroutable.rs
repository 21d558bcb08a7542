//! The API server cannot route to a Service like this.

use std::fmt;

use k8s_openapi::api::core::v1::Service;

use super::name::ServiceName;
use crate::facts::Missing;
use crate::way::Case;
use crate::way::reached::{Entry, api_server, api_server_error};

/// The API server cannot route to a Service like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unroutable {
    /// It has no cluster IP.
    Headless(ServiceName),
    /// It is another name of a host.
    ExternalName {
        /// The Service that is called.
        service: ServiceName,
        /// The host.
        host: String,
        /// The API server's own words about a call of that host; none where it calls no Service of this type.
        error: Option<String>,
    },
}

impl fmt::Display for Unroutable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headless(service) => write!(
                f,
                "the API server cannot route to {service}, which is headless: it has no cluster IP"
            ),
            Self::ExternalName {
                service,
                error: None,
                ..
            } => write!(
                f,
                "the API server cannot route to {service}, which is of type ExternalName"
            ),
            Self::ExternalName {
                service,
                host,
                error: Some(error),
            } => write!(
                f,
                "{service} is of type ExternalName, so the API server calls {host} in the place of istiod, and fails: \
                 {error}"
            ),
        }
    }
}

/// Why the API server cannot route to a Service. With aggregator routing it looks for an endpoint itself;
/// without, it dials the cluster IP, or the name of an ExternalName Service, which leads out of sight: only
/// an error that it got in a call for `entry` tells.
pub fn of(
    case: &Case,
    service: &Service,
    name: &ServiceName,
    entry: Option<Entry>,
) -> Result<Option<Unroutable>, Missing> {
    let Some(spec) = &service.spec else {
        return Ok(None);
    };
    if spec.type_.as_deref() == Some("ExternalName") {
        let host = spec.external_name.clone().unwrap_or_default();
        let external = |error| {
            Ok(Some(Unroutable::ExternalName {
                service: name.clone(),
                host: host.clone(),
                error,
            }))
        };
        if aggregator_routing(case) == Ok(true) {
            return external(None);
        }
        let error = entry.map(|entry| api_server_error::of(case, entry));
        if let Some(error) = error.transpose()?.flatten() {
            return external(Some(error.text));
        }
        return Err(Missing(format!(
            "the Service is another name of {host}: whether that answers cannot be seen from the cluster's API"
        )));
    }
    if spec.internal_traffic_policy.as_deref() == Some("Local") {
        return Err(Missing(
            "the Service's internalTrafficPolicy is Local: whether an endpoint is on the API server's node is not known"
                .to_owned(),
        ));
    }
    if spec.cluster_ip.as_deref() == Some("None") && !aggregator_routing(case)? {
        return Ok(Some(Unroutable::Headless(name.clone())));
    }
    Ok(None)
}

/// Whether the API servers look for endpoints themselves.
fn aggregator_routing(case: &Case) -> Result<bool, Missing> {
    const FLAG: &str = "--enable-aggregator-routing";
    let mut settings = case.api_servers()?.iter().map(|pod| {
        let container = api_server::container(pod);
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
