//! Is the Service there, with the port that is called?
//!
//! Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/proxy/proxy.go` (`ResolveCluster`, and
//! `ResolveEndpoint` where kube-apiserver runs with `--enable-aggregator-routing=true`).

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::ServicePort;

use super::step::{Entry, Step};
use crate::way::Case;

mod missing;
mod name;
mod port;
mod unroutable;

pub use missing::NoService;
pub use name::ServiceName;
pub use port::NoPort;
pub use unroutable::Unroutable;

/// The port of a Service that a webhook calls.
pub fn called_port(service: &ServiceReference) -> i32 {
    service.port.unwrap_or(443)
}

/// The name by which the API server calls a Service, and which istiod's certificate has to bear.
pub fn host(service: &ServiceReference) -> String {
    format!("{}.{}.svc", service.name, service.namespace)
}

/// The port of the Service that a webhook calls; what became of calls is asked of `entry`.
pub fn called<'a, O>(
    case: &Case<'a>,
    reference: &ServiceReference,
    entry: Option<Entry>,
) -> Step<&'a ServicePort, O>
where
    O: From<NoService> + From<Unroutable> + From<NoPort>,
{
    let name = ServiceName::from(reference);
    let Some(service) = case.service(&reference.namespace, &reference.name)? else {
        return Ok(Err(NoService { service: name }.into()));
    };
    if let Some(unroutable) = unroutable::of(case, service, &name, entry)? {
        return Ok(Err(unroutable.into()));
    }
    Ok(port::of(service, name, called_port(reference)).map_err(Into::into))
}
