//! Why no endpoint is ready: because of the Service, or because of istiod.

use crate::facts::kinds::Pod;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::causes::reached::istiod;
use crate::facts::Missing;
use crate::way::Case;
use crate::way::Destination;
use crate::way::injector::istiod_container;
use crate::way::reached::{called_port, ports_named};

/// Why no endpoint is ready.
#[derive(Clone, Debug)]
pub enum Why<'a> {
    /// The Service has no selector: somebody else makes its endpoints.
    Unmanaged,
    /// The Service selects none of the pods of istiod that are there.
    Selector(Vec<&'a Pod>),
    /// The port of the Service leads to a named port that istiod's container does not have.
    NamedPort(String),
    /// None of the pods that it selects is ready.
    Pods(Vec<&'a Pod>),
    /// There is no pod of istiod, though a Deployment of it.
    NoPods(&'a Deployment),
    /// There is no Deployment of istiod either.
    Gone,
}

/// Why no endpoint of a destination's Service is ready.
///
/// # Errors
/// [`Missing`] where the Service, pods or Deployments were not read.
pub fn why<'a>(case: &Case<'a>, destination: &Destination) -> Result<Why<'a>, Missing> {
    let Some(reference) = destination.service() else {
        return Ok(Why::Unmanaged);
    };
    let Some(service) = case.service(&reference.namespace, &reference.name)? else {
        return Ok(Why::Gone);
    };
    let selector = istiod::selector(service);
    if selector.is_empty() {
        return Ok(Why::Unmanaged);
    }
    let pods = case.istiod_pods(&reference.namespace)?;
    let is_selected = |pod: &&Pod| {
        let labels = pod.metadata.labels.clone().unwrap_or_default();
        istiod::selects(&selector, &labels)
    };
    let (istiods, others): (Vec<_>, Vec<_>) = pods
        .iter()
        .filter(is_selected)
        .partition(|pod| istiod_container(pod).is_some());
    if !istiods.is_empty() {
        let named = named_port(service, called_port(reference));
        let has_it = |name: &String| {
            istiods
                .iter()
                .any(|pod| ports_named(pod, name).next().is_some())
        };
        return Ok(match named.filter(|name| !has_it(name)) {
            Some(name) => Why::NamedPort(name),
            None => Why::Pods(istiods),
        });
    }
    let meant = istiod::deployment_of(case, destination)?;
    if let Some(deployment) = meant
        && istiod::selects(&selector, &istiod::template_labels(deployment))
    {
        return Ok(Why::NoPods(deployment));
    }
    let unselected = istiod::pods_of(pods, destination, meant);
    Ok(match (unselected.is_empty(), others.is_empty(), meant) {
        (false, _, _) => Why::Selector(unselected),
        (true, false, _) => Why::Pods(others),
        (true, true, Some(deployment)) => Why::NoPods(deployment),
        (true, true, None) => Why::Gone,
    })
}

/// The name of the port to which a port of a Service leads, where it leads to a name.
fn named_port(service: &Service, called: i32) -> Option<String> {
    let ports = service.spec.as_ref()?.ports.as_deref()?;
    let port = ports.iter().find(|port| port.port == called)?;
    match port.target_port.as_ref()? {
        IntOrString::String(name) => Some(name.clone()),
        IntOrString::Int(_) => None,
    }
}
