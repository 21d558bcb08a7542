//! The istiod that took the place of another before a call failed.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;

use crate::causes::reached::istiod;
use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::way::injector::TIMEOUT;
use crate::way::{Case, Destination, Rejection, changed};

/// How long the API server keeps a connection that nobody uses.
/// Source: Go 1.26, `net/http.DefaultTransport`, which `k8s.io/apimachinery/pkg/util/net/http.go` (v0.36) takes it from.
const IDLE: Duration = Duration::from_secs(90);
/// How long after a change of its Deployment a pod is created at the latest.
const ROLLOUT: Duration = Duration::from_secs(10);

/// The pod of istiod that took the place of another shortly before a failed call was made, with the time since which it was
/// ready.
///
/// # Errors
/// [`Missing`] where the pods or the Deployments were not read.
pub(super) fn successor<'a>(
    case: &Case<'a>,
    destination: &Destination,
    failure: &Rejection,
) -> Result<Option<(&'a Pod, Timestamp)>, Missing> {
    let (Some(service), Some(failed)) = (destination.service(), failure.stood()) else {
        return Ok(None);
    };
    let seconds = destination.entry.timeout_seconds.unwrap_or(TIMEOUT);
    let timeout = Duration::from_secs(seconds.unsigned_abs().into());
    let pods = case.istiod_pods(&service.namespace)?;
    let Some(deployment) = istiod::deployment_of(case, destination)? else {
        return Ok(None);
    };
    let pods = istiod::pods_of(pods, destination, Some(deployment)).into_iter();
    let ready = pods
        .filter(|pod| !is_of_rollout(pod, deployment))
        .filter_map(|pod| Some((pod, ready_since(pod)?)));
    let is_made_after = |since: &Timestamp| {
        let made = failed.checked_sub(timeout);
        made.is_ok_and(|made| *since <= made && made.duration_since(*since).unsigned_abs() <= IDLE)
    };
    Ok(ready
        .filter(|(_, since)| is_made_after(since))
        .max_by_key(|(_, since)| *since))
}

/// Whether a pod was created as its Deployment was changed: then its predecessor ended in order, and closed its connections.
fn is_of_rollout(pod: &Pod, deployment: &Deployment) -> bool {
    let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let changed = changed("deployment", &deployment.metadata).map(|changed| changed.at);
    match (created, changed) {
        (Some(created), Some(changed)) => created.duration_since(changed).unsigned_abs() < ROLLOUT,
        _ => true,
    }
}

fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let conditions = pod.status.as_ref()?.conditions.iter().flatten();
    let mut ready = conditions.filter(|one| one.type_ == "Ready" && one.status == "True");
    Some(ready.next()?.last_transition_time.as_ref()?.0)
}
