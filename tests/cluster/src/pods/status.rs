//! The status of a pod. Kubernetes 1.36: `pkg/kubelet/status/generate.go`, `getPhase` in `pkg/kubelet/kubelet_pods.go`.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::container::{Container, Ended, Part, State};
use crate::json::{list, text};
use crate::kubelet::NODE_IP;

/// The status of a pod with these containers, without the times of its conditions.
pub(super) fn compose(pod: &Value, ip: Option<Ipv4Addr>, containers: &[Container]) -> Value {
    let phase = phase(pod, containers);
    let of = |parts: &[Part]| {
        let those = containers.iter().filter(|one| parts.contains(&one.part));
        those
            .map(|one| container_status(pod, one))
            .collect::<Vec<_>>()
    };
    let mut status = json!({
        "phase": phase,
        "hostIP": NODE_IP,
        "hostIPs": [{"ip": NODE_IP}],
        "startTime": text(pod, "/metadata/creationTimestamp"),
        "conditions": conditions(phase, ip.is_some(), containers),
        "containerStatuses": of(&[Part::Main]),
        "initContainerStatuses": of(&[Part::Init, Part::Sidecar]),
        "ephemeralContainerStatuses": of(&[Part::Ephemeral]),
    });
    if let (Some(ip), Some(status)) = (ip, status.as_object_mut()) {
        status.insert("podIP".to_owned(), json!(ip));
        status.insert("podIPs".to_owned(), json!([{"ip": ip}]));
    }
    status
}

/// Gives the conditions their times: of those that are as before the old ones.
pub(super) fn date(status: &mut Value, before: &Value) {
    let Some(conditions) = status
        .pointer_mut("/conditions")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    for condition in conditions {
        let old = list(before, "/conditions").iter().find(|old| {
            ["type", "status"]
                .iter()
                .all(|field| old.get(field) == condition.get(field))
        });
        let since = old.and_then(|old| old.get("lastTransitionTime")).cloned();
        if let Some(condition) = condition.as_object_mut() {
            let since = since.unwrap_or_else(|| json!(Timestamp::now()));
            condition.insert("lastTransitionTime".to_owned(), since);
        }
    }
}

/// Whether no container of the pod will run again.
pub(super) fn has_ended(pod: &Value, containers: &[Container]) -> bool {
    ["Succeeded", "Failed"].contains(&phase(pod, containers))
}

fn phase(pod: &Value, containers: &[Container]) -> &'static str {
    let policy = text(pod, "/spec/restartPolicy");
    let of = |part| containers.iter().filter(move |one| one.part == part);
    let failed = |one: &Container| one.exit_code().is_some_and(|code| code != 0);
    if policy == "Never" && of(Part::Init).any(failed) {
        return "Failed";
    }
    let is_initialized = of(Part::Init).all(|one| one.exit_code() == Some(0));
    if !is_initialized || !of(Part::Main).all(Container::has_run) {
        return "Pending";
    }
    let all_ended = of(Part::Main).all(|one| one.exit_code().is_some());
    match policy {
        _ if !all_ended => "Running",
        "Always" => "Running",
        _ if !of(Part::Main).any(failed) => "Succeeded",
        "Never" => "Failed",
        _ => "Running",
    }
}

fn conditions(phase: &str, has_sandbox: bool, containers: &[Container]) -> Value {
    let names = |wanted: &dyn Fn(&Container) -> bool| {
        let those = containers.iter().filter(|one| wanted(one));
        those.map(Container::name).collect::<Vec<_>>()
    };
    // Once a container proper has run, the pod has been initialized, whatever becomes of its sidecars.
    let was_initialized = containers
        .iter()
        .any(|one| one.part == Part::Main && one.has_run());
    let incomplete = names(&|one| match one.part {
        _ if was_initialized => false,
        Part::Init => one.exit_code() != Some(0),
        Part::Sidecar => !one.is_started(),
        Part::Main | Part::Ephemeral => false,
    });
    let unready = names(&|one| matches!(one.part, Part::Sidecar | Part::Main) && !one.is_ready());
    let is_over = phase == "Succeeded";
    let initialized = if is_over {
        condition("Initialized", &[], "", "PodCompleted", true)
    } else {
        let reason = "ContainersNotInitialized";
        condition("Initialized", &incomplete, "incomplete", reason, true)
    };
    let ready = |kind: &str| {
        if is_over {
            return condition(kind, &[], "", "PodCompleted", false);
        }
        condition(kind, &unready, "unready", "ContainersNotReady", true)
    };
    json!([
        {"type": "PodReadyToStartContainers", "status": if has_sandbox { "True" } else { "False" }},
        initialized,
        ready("Ready"),
        ready("ContainersReady"),
        {"type": "PodScheduled", "status": "True"},
    ])
}

/// A condition that holds unless there are such containers.
fn condition(kind: &str, names: &[&str], what: &str, reason: &str, holds: bool) -> Value {
    if names.is_empty() {
        let mut condition = json!({"type": kind, "status": if holds { "True" } else { "False" }});
        if let (true, Some(fields)) = (reason == "PodCompleted", condition.as_object_mut()) {
            fields.insert("reason".to_owned(), json!(reason));
        }
        return condition;
    }
    let message = format!("containers with {what} status: [{}]", names.join(" "));
    json!({"type": kind, "status": "False", "reason": reason, "message": message})
}

fn container_status(pod: &Value, container: &Container) -> Value {
    let image = text(&container.spec, "/image");
    let id = |restarts: u32| {
        let uid = text(pod, "/metadata/uid");
        format!("containerd://{uid}-{}-{restarts}", container.name())
    };
    let state = match &container.state {
        State::Waiting { reason, message } if message.is_empty() => {
            json!({"waiting": {"reason": reason}})
        }
        State::Waiting { reason, message } => {
            json!({"waiting": {"reason": reason, "message": message}})
        }
        State::Running { since } => json!({"running": {"startedAt": since}}),
        State::Ended(ended) => terminated(ended, &id(container.restarts)),
    };
    let waits = matches!(container.state, State::Waiting { .. });
    // One that waits to be started again has ended in its last run.
    let last_run = container.restarts.saturating_sub(u32::from(!waits));
    let last_state = container
        .last
        .as_ref()
        .map_or(json!({}), |ended| terminated(ended, &id(last_run)));
    let mut status = json!({
        "name": container.name(),
        "image": image,
        "imageID": image,
        "ready": container.is_ready(),
        "started": container.is_started(),
        "restartCount": container.restarts,
        "state": state,
        "lastState": last_state,
    });
    // Kubelets that do not know native sidecars say nothing of init containers in this field, and none says it of ephemeral
    // ones.
    let is_unknown = match container.part {
        Part::Init => text(&container.spec, "/restartPolicy") == "Always",
        Part::Ephemeral => true,
        Part::Sidecar | Part::Main => false,
    };
    if let (true, Some(fields)) = (is_unknown, status.as_object_mut()) {
        fields.remove("started");
    }
    if let (true, Some(fields)) = (container.has_run(), status.as_object_mut()) {
        fields.insert("containerID".to_owned(), json!(id(container.restarts)));
    }
    status
}

fn terminated(ended: &Ended, id: &str) -> Value {
    let mut end = json!({
        "exitCode": ended.exit_code,
        "reason": ended.reason,
        "startedAt": ended.started,
        "finishedAt": ended.finished,
        "containerID": id,
    });
    if let (Some(message), Some(fields)) = (&ended.message, end.as_object_mut()) {
        fields.insert("message".to_owned(), json!(message));
    }
    json!({"terminated": end})
}
