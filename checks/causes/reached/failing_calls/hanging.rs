//! Whether istiod hangs: what its node says, which no network is before.

use k8s_openapi::api::core::v1::Event;

use crate::causes::reached::istiod;
use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::facts::ownership::happened;
use crate::way::reached::RETRIED;
use crate::way::{Case, Destination, Rejection, is_unanswered};

/// A pod of istiod that did not answer to a probe.
pub(super) struct Hanging<'a> {
    pub(super) pod: &'a Pod,
    /// What the kubelet says of that, last.
    pub(super) event: &'a Event,
}

/// The pod behind a destination that gave its kubelet no answer about the time when a call failed. A kubelet
/// probes a pod from the pod's own node, so that what drops packets on the way from the API server drops none of these.
///
/// # Errors
/// [`Missing`] where pods or events were not read.
pub(super) fn hanging<'a>(
    case: &Case<'a>,
    destination: &Destination,
    failure: &Rejection,
) -> Result<Option<Hanging<'a>>, Missing> {
    let (Some(service), Some(failed)) = (destination.service(), failure.stood()) else {
        return Ok(None);
    };
    let pods = case.istiod_pods(&service.namespace)?;
    let pods = istiod::pods_of(pods, destination, istiod::deployment_of(case, destination)?);
    let is_then = |event: &Event| {
        let apart = happened(event).map(|at| at.duration_since(failed).unsigned_abs());
        apart.is_some_and(|apart| apart <= RETRIED)
    };
    let warnings = case.warnings()?;
    let unanswered = warnings
        .into_iter()
        .filter(|event| is_unanswered(event) && is_then(event));
    let of_istiod = unanswered.filter_map(|event| {
        let pod = pods.iter().find(|pod| is_about(event, pod))?;
        Some(Hanging { pod, event })
    });
    Ok(of_istiod.max_by_key(|hanging| happened(hanging.event)))
}

fn is_about(event: &Event, pod: &Pod) -> bool {
    let (about, metadata) = (&event.involved_object, &pod.metadata);
    about.kind.as_deref() == Some("Pod")
        && about.namespace == metadata.namespace
        && about.name == metadata.name
}
