//! How do the pods fare that exist?

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Event, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::ambient::{gateway_of, is_redirected};
use super::changes;
use super::rendered::containers::PROXY;
use super::{Observation, ObservedPod, Rejection, Seen, names};
use crate::facts::ownership::happened;
use crate::facts::{Kind, MakesPods as _, Missing, Workload};
use crate::rules::credentials::without_credentials;
use crate::texts::{Transport, error_of_network};
use crate::way::Case;

/// Source: Kubernetes 1.36, `k8s.io/client-go/tools/record/events_cache.go` (`EventAggregatorByReasonMessageFunc`).
const COMBINED: &str = "(combined from similar events): ";

/// How the pods of the target fare that exist, and the newest refusal that still stands.
pub fn observe(case: &Case) -> Observation {
    let pods = case.pods().map(|pods| {
        let template = case.workload().ok().filter(|one| is_by_template(case, one));
        let observed = |pod: &&ObjectMeta| observed_pod(pod, template);
        pods.iter().map(observed).collect::<Vec<_>>()
    });
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
    let target = case.chain().ok().and_then(<[_]>::first);
    let of_target = || target.and_then(|target| target.readiness);
    let run = case.run().ok().flatten();
    Observation {
        outcome,
        pods: pods.unwrap_or_default(),
        readiness: run.map_or_else(of_target, |run| run.readiness()),
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

fn observed_pod(pod: &ObjectMeta, template: Option<&Workload>) -> ObservedPod {
    ObservedPod {
        name: pod.name.clone().unwrap_or_default(),
        injected: status(pod).is_some() && !template.is_some_and(|one| is_copied(pod, one)),
        revision: revision_of(pod),
        ambient: is_redirected(pod),
        gateway_of: gateway_of(pod).cloned(),
        created: pod.creation_timestamp.as_ref().map(|time| time.0),
        version: changes::version(pod),
    }
}

fn status(pod: &ObjectMeta) -> Option<&String> {
    pod.annotations.as_ref()?.get(names::STATUS)
}

/// Whether what stands in the template of a workload is there before any pod is injected. A pod that exists is its own
/// template, as the webhook has left it.
fn is_by_template(case: &Case, workload: &Workload) -> bool {
    case.manifest().is_some() || !workload.template_path().is_empty()
}

/// The annotation `sidecar.istio.io/status` of the pod template, which no webhook has written there.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub(crate) fn status_of_template(case: &Case) -> Result<Option<String>, Missing> {
    let workload = case.workload()?;
    let by_template = is_by_template(case, workload);
    let status = status(&workload.template.metadata).filter(|_| by_template);
    Ok(status.cloned())
}

/// Whether a pod template brings a proxy of its own, as `istioctl kube-inject` writes it.
pub(crate) fn brings_proxy(template: &PodSpec) -> bool {
    let init = template.init_containers.iter().flatten();
    let mut all = template.containers.iter().chain(init);
    all.any(|one| one.name == PROXY)
}

/// Whether a pod shows nothing but the annotation of its template, which has no proxy: Istio's sidecar template
/// writes annotation `istio.io/rev`, too.
/// Source: Istio 1.31, `manifests/charts/istio-control/istio-discovery/files/injection-template.yaml`.
fn is_copied(pod: &ObjectMeta, workload: &Workload) -> bool {
    let template = &workload.template;
    let revision = |metadata: &ObjectMeta| {
        let annotations = metadata.annotations.as_ref()?;
        annotations.get(names::ISTIO_REV).cloned()
    };
    status(pod) == status(&template.metadata)
        && revision(pod) == revision(&template.metadata)
        && !brings_proxy(&template.spec)
}

/// The revision that has injected a pod, as istiod wrote it down.
pub(crate) fn revision_of(pod: &ObjectMeta) -> Option<String> {
    status_revision(status(pod)?)
}

/// The revision that such an annotation names.
pub(crate) fn status_revision(status: &str) -> Option<String> {
    let status: Value = serde_json::from_str(status).ok()?;
    Some(status.get("revision")?.as_str()?.to_owned())
}

/// The newest refusal, unless a pod was made after it or none is wanted any more. Where a ReplicaSet's
/// condition says that it still stands, that is so whatever pods there are; the words are the newest
/// event's, as the condition keeps those of the first refusal.
fn standing_rejection(case: &Case) -> Result<Option<Rejection>, Missing> {
    let condition = by_condition(case)?;
    let events = match case.events() {
        // Whatever they say, the condition stands, or it is over.
        Err(_) if condition.is_some() || is_satisfied(case)? => return Ok(condition),
        events => events?,
    };
    let event = events.iter().rev().find(|event| is_refusal(event));
    let event = event.map(|event| Rejection::of(event));
    let (Some(event), None) = (&event, &condition) else {
        return Ok(condition.map(|condition| newest(condition, event)));
    };
    let pods = case.pods()?;
    let times = pods
        .iter()
        .filter_map(|pod| pod.creation_timestamp.as_ref());
    // Pods are dated to the second.
    let is_over = times
        .map(|time| time.0)
        .max()
        .is_some_and(|made| event.at.is_none_or(|at| made.as_second() >= at.as_second()));
    Ok((!is_over && !is_satisfied(case)?).then(|| event.clone()))
}

/// What a condition says, in the words of an event that came after it.
fn newest(condition: Rejection, event: Option<Rejection>) -> Rejection {
    match event {
        Some(event) if event.at >= condition.since => Rejection {
            source: condition.source,
            since: condition.since.or(event.since),
            ..event
        },
        _ => condition,
    }
}

fn by_condition(case: &Case) -> Result<Option<Rejection>, Missing> {
    let chain = case.chain()?;
    // Only the newest ReplicaSet makes pods; an older one's condition is history.
    let newest = case.newest_replica_set()?;
    // Most have no conditions, and nothing to be copied for them.
    let newest = newest.filter(|set| !set.conditions().is_empty());
    let newest = newest.map(|set| set.workload());
    let rejection = chain.iter().chain(&newest).find_map(replica_failure);
    Ok(rejection)
}

fn replica_failure(workload: &Workload) -> Option<Rejection> {
    let failure = workload.conditions.iter().find(|condition| {
        condition.type_ == "ReplicaFailure"
            && condition.status == "True"
            && condition.reason == "FailedCreate"
    })?;
    let source = format!("condition ReplicaFailure of {}", workload.reference());
    Some(Rejection {
        since: failure.last_transition_time.as_ref().map(|time| time.0),
        ..Rejection::new(without_credentials(&failure.message), source)
    })
}

impl Rejection {
    /// What an event tells of a refusal.
    pub fn of(event: &Event) -> Self {
        let message = event.message.as_deref().unwrap_or_default();
        // Events whose words differ in a port are combined after ten of them, in these words and those of the last.
        let last = message.strip_prefix(COMBINED).unwrap_or(message);
        // The controller's words before those of the API server.
        let own = last.strip_prefix("Error creating: ").unwrap_or(last);
        let object = &event.involved_object;
        let source = format!(
            "event FailedCreate of {}/{}",
            object.kind.as_deref().unwrap_or_default().to_lowercase(),
            object.name.as_deref().unwrap_or_default()
        );
        Self {
            since: event.first_timestamp.as_ref().map(|time| time.0),
            at: happened(event),
            times: event.count,
            ..Self::new(without_credentials(own), source)
        }
    }
}

/// Whether an event tells that a pod was refused.
pub fn is_refusal(event: &Event) -> bool {
    event.reason.as_deref() == Some("FailedCreate") && event.type_.as_deref() == Some("Warning")
}

/// Whether an event says that a probe got no answer in time. A process that does not listen yet refuses it.
pub fn is_unanswered(event: &Event) -> bool {
    let error = event.message.as_deref().and_then(error_of_network);
    event.reason.as_deref() == Some("Unhealthy")
        && matches!(
            error,
            Some(Transport::Deadline | Transport::NoHeaders | Transport::NoConnection)
        )
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
