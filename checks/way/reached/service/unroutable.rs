//! The API server cannot route to a Service like this.

use std::fmt;

use k8s_openapi::api::core::v1::Service;

use super::name::ServiceName;
use crate::facts::Missing;
use crate::way::Case;
use crate::way::reached::api_server;

/// The API server cannot route to a Service like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unroutable {
    /// The Service that is called.
    pub service: ServiceName,
    /// `headless` or `ExternalName`.
    pub kind: &'static str,
}

impl fmt::Display for Unroutable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, kind } = self;
        write!(
            f,
            "the API server cannot route to {service}, which is {kind}"
        )
    }
}

/// What makes a Service one that the API server cannot route to. With aggregator routing it looks for
/// an endpoint itself; without, it dials the cluster IP, or the name of an ExternalName Service.
pub fn kind(case: &Case, service: &Service) -> Result<Option<&'static str>, Missing> {
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
