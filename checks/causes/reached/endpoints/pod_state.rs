//! What keeps a pod from being ready, in words.

use crate::facts::kinds::Pod;
use k8s_openapi::api::core::v1::{ContainerStatus, PodCondition, PodStatus};

use crate::rules::credentials::without_credentials;

/// What keeps a pod from being ready: phase, what its containers wait for or how they ended, restarts.
pub fn state(pod: &Pod) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "terminating".to_owned();
    }
    let Some(status) = &pod.status else {
        return "without a status".to_owned();
    };
    let phase = status.phase.as_deref().unwrap_or("Unknown");
    let because = evicted(status)
        .or_else(|| unscheduled(status))
        .or_else(|| containers(status).find_map(container))
        .or_else(|| unready(status));
    match because {
        Some(because) => format!("{phase}, {because}"),
        None => phase.to_owned(),
    }
}

/// Whether a container of a pod has ended before, so that there are logs of its last life.
pub fn has_restarted(pod: &Pod) -> bool {
    let status = pod.status.iter();
    status.flat_map(containers).any(|one| one.restart_count > 0)
}

/// Whether a container of a pod cannot start because of its image or its specification, which waiting
/// does not change.
pub fn cannot_start(pod: &Pod) -> bool {
    const REASONS: [&str; 5] = [
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
    ];
    let mut waiting = pod.status.iter().flat_map(containers).filter_map(|one| {
        let waiting = one.state.as_ref()?.waiting.as_ref()?;
        waiting.reason.as_deref()
    });
    waiting.any(|reason| REASONS.contains(&reason))
}

fn containers(status: &PodStatus) -> impl Iterator<Item = &ContainerStatus> {
    let init = status.init_container_statuses.iter().flatten();
    init.chain(status.container_statuses.iter().flatten())
}

fn evicted(status: &PodStatus) -> Option<String> {
    let (reason, message) = (status.reason.as_deref()?, status.message.as_deref());
    Some(with(reason, message))
}

fn unscheduled(status: &PodStatus) -> Option<String> {
    let scheduled = condition(status, "PodScheduled")?;
    if scheduled.status != "False" {
        return None;
    }
    let reason = scheduled.reason.as_deref().unwrap_or("not scheduled");
    Some(with(reason, scheduled.message.as_deref()))
}

fn unready(status: &PodStatus) -> Option<String> {
    let ready = condition(status, "Ready")?;
    if ready.status == "True" {
        return None;
    }
    Some(with("not ready", ready.message.as_deref()))
}

fn condition<'a>(status: &'a PodStatus, type_: &str) -> Option<&'a PodCondition> {
    let conditions = status.conditions.iter().flatten();
    conditions
        .into_iter()
        .find(|condition| condition.type_ == type_)
}

fn container(status: &ContainerStatus) -> Option<String> {
    let state = status.state.as_ref()?;
    let name = &status.name;
    let restarts = match status.restart_count {
        0 => String::new(),
        1 => ", 1 restart".to_owned(),
        many => format!(", {many} restarts"),
    };
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or("waiting");
        let last = status
            .last_state
            .as_ref()
            .and_then(|last| last.terminated.as_ref());
        let ended = last.map(|last| {
            let reason = last.reason.as_deref().unwrap_or("ended");
            format!(" (last: {reason}, exit code {})", last.exit_code)
        });
        let ended = ended.unwrap_or_default();
        let why = with(reason, waiting.message.as_deref());
        return Some(format!("container {name}: {why}{ended}{restarts}"));
    }
    let terminated = state.terminated.as_ref()?;
    if terminated.exit_code == 0 {
        return None;
    }
    let reason = terminated.reason.as_deref().unwrap_or("ended");
    let code = terminated.exit_code;
    Some(format!(
        "container {name}: {reason}, exit code {code}{restarts}"
    ))
}

fn with(reason: &str, message: Option<&str>) -> String {
    // Messages can have several lines.
    let message = without_credentials(message.unwrap_or_default());
    let words: Vec<_> = message.split_whitespace().collect();
    if words.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}: {}", words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: &Value) -> Pod {
        serde_json::from_value(json!({ "metadata": { "name": "istiod-1" }, "status": status }))
            .unwrap()
    }

    fn discovery(state: &Value, last: &Value, restarts: i32) -> Value {
        json!([{
            "name": "discovery", "image": "pilot", "imageID": "", "ready": false,
            "restartCount": restarts, "state": state, "lastState": last,
        }])
    }

    #[test]
    fn the_reason_is_the_first_that_keeps_it_from_being_ready() {
        let crash = json!({ "terminated": { "reason": "OOMKilled", "exitCode": 137 } });
        let back_off = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        let image =
            json!({ "waiting": { "reason": "ImagePullBackOff", "message": "no such image" } });
        let running = json!({ "running": {} });
        let unready = json!([{ "type": "Ready", "status": "False", "message": "containers with unready status: [discovery]" }]);
        let unscheduled = json!([{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available" }]);
        let table = [
            (
                json!({ "phase": "Running", "containerStatuses": discovery(&back_off, &crash, 7) }),
                "Running, container discovery: CrashLoopBackOff (last: OOMKilled, exit code 137), 7 restarts",
            ),
            (
                json!({ "phase": "Pending", "containerStatuses": discovery(&image, &json!({}), 0) }),
                "Pending, container discovery: ImagePullBackOff: no such image",
            ),
            (
                json!({ "phase": "Running", "conditions": unready, "containerStatuses": discovery(&running, &json!({}), 0) }),
                "Running, not ready: containers with unready status: [discovery]",
            ),
            (
                json!({ "phase": "Pending", "conditions": unscheduled }),
                "Pending, Unschedulable: 0/3 nodes are available",
            ),
            (
                json!({ "phase": "Failed", "reason": "Evicted", "message": "low on memory" }),
                "Failed, Evicted: low on memory",
            ),
            (json!({}), "Unknown"),
        ];
        for (status, words) in table {
            assert_eq!(state(&pod(&status)), words);
        }
    }
}
