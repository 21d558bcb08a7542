//! How do the pods fare that exist?

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::{Observation, ObservedPod, Rejection, Seen, names};
use crate::facts::{Kind, Missing, Workload};
use crate::rules::credentials::without_credentials;
use crate::way::Case;

/// How the pods of the target fare that exist, and the newest refusal that still stands.
pub fn observe(case: &Case) -> Observation {
    let pods = case
        .pods()
        .map(|pods| pods.iter().map(observed_pod).collect::<Vec<_>>());
    let rejection = standing_rejection(case);
    let outcome = match (&pods, &rejection) {
        (_, Ok(Some(_))) => Seen::Rejected,
        (Err(_), _) | (_, Err(_)) => Seen::Unknown,
        (Ok(pods), Ok(None)) => together(pods),
    };
    let (rejection, missing) = match rejection {
        Ok(rejection) => (rejection, None),
        Err(missing) => (None, Some(missing)),
    };
    Observation {
        outcome,
        pods: pods.unwrap_or_default(),
        rejection,
        missing,
    }
}

fn together(pods: &[ObservedPod]) -> Seen {
    let marks: BTreeSet<_> = pods
        .iter()
        .map(|pod| (pod.injected, &pod.revision))
        .collect();
    match (marks.len(), pods.first()) {
        (_, None) => Seen::NoPods,
        (1, Some(pod)) if pod.injected => Seen::Injected,
        (1, Some(_)) => Seen::NotInjected,
        _ => Seen::Mixed,
    }
}

fn observed_pod(pod: &&ObjectMeta) -> ObservedPod {
    let annotations = pod.annotations.as_ref();
    let status = annotations.and_then(|annotations| annotations.get(names::STATUS));
    ObservedPod {
        name: pod.name.clone().unwrap_or_default(),
        injected: status.is_some(),
        revision: status.and_then(|status| status_revision(status)),
        created: pod.creation_timestamp.as_ref().map(|time| time.0),
    }
}

fn status_revision(status: &str) -> Option<String> {
    let status: Value = serde_json::from_str(status).ok()?;
    Some(status.get("revision")?.as_str()?.to_owned())
}

/// The refusal that a ReplicaSet's condition keeps, or else the newest FailedCreate event, unless a
/// pod was made after it or none is wanted any more.
fn standing_rejection(case: &Case) -> Result<Option<Rejection>, Missing> {
    if let Some(rejection) = by_condition(case)? {
        return Ok(Some(rejection));
    }
    let events = match case.events() {
        // Whatever they say, it is over.
        Err(_) if is_satisfied(case)? => return Ok(None),
        events => events?,
    };
    let Some(event) = events.iter().rev().find(|event| is_refusal(event)) else {
        return Ok(None);
    };
    let at = event_time(event);
    let newest_pod = case
        .pods()?
        .iter()
        .filter_map(|pod| pod.creation_timestamp.as_ref())
        .max();
    if newest_pod.is_some_and(|pod| at.is_none_or(|at| pod.0 >= at)) || is_satisfied(case)? {
        return Ok(None);
    }
    let object = &event.involved_object;
    Ok(Some(Rejection {
        message: without_credentials(event.message.as_deref().unwrap_or_default()),
        source: format!(
            "event FailedCreate of {}/{}",
            object.kind.as_deref().unwrap_or_default().to_lowercase(),
            object.name.as_deref().unwrap_or_default()
        ),
        at,
    }))
}

fn by_condition(case: &Case) -> Result<Option<Rejection>, Missing> {
    let chain = case.chain()?;
    // Only the newest ReplicaSet makes pods; an older one's condition is history.
    let newest = case.newest_replica_set()?;
    let rejection = chain.iter().chain(&newest).find_map(replica_failure);
    Ok(rejection)
}

fn replica_failure(workload: &Workload) -> Option<Rejection> {
    let failure = workload.conditions.iter().find(|condition| {
        condition.type_ == "ReplicaFailure"
            && condition.status == "True"
            && condition.reason == "FailedCreate"
    })?;
    Some(Rejection {
        message: without_credentials(&failure.message),
        source: format!("condition ReplicaFailure of {}", workload.reference()),
        at: None,
    })
}

fn is_refusal(event: &Event) -> bool {
    event.reason.as_deref() == Some("FailedCreate") && event.type_.as_deref() == Some("Warning")
}

fn event_time(event: &Event) -> Option<jiff::Timestamp> {
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    last.or_else(|| event.event_time.as_ref().map(|time| time.0))
}

/// Whether the workload has all the pods it wants; a pod is there by itself.
fn is_satisfied(case: &Case) -> Result<bool, Missing> {
    let workload = case.workload()?;
    if workload.kind == Kind::Pod {
        return Ok(true);
    }
    let wanted = workload.replicas;
    let have = i32::try_from(case.pods()?.len()).unwrap_or(i32::MAX);
    Ok(wanted.is_some_and(|wanted| have >= wanted))
}
