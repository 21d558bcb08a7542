//! When what happened: to a pod, and to what decides about it.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ContainerStateTerminated;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::changes::{Changed, of_policies, of_template};
use super::running::Container;
use super::{Case, running};
use crate::facts::kinds::Pod;

/// How long before a pod was created, or a symptom began, a change may have to do with it.
const BEFORE: Duration = Duration::from_secs(3600);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
}

/// When a symptom began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Began {
    /// Its first moment.
    pub at: Timestamp,
    /// What was changed last before; none where nothing was within an hour.
    pub after: Option<Changed>,
}

impl Began {
    /// That pods are refused since then. What makes them of another template only shows it.
    pub fn refused(case: &Case, at: Timestamp) -> Self {
        Self::after(of_mesh(case), at)
    }

    /// That pods are not ready since then.
    pub fn not_ready(case: &Case, at: Timestamp) -> Self {
        Self::after(changes(case), at)
    }

    fn after(mut before: Vec<Changed>, at: Timestamp) -> Self {
        before.retain(|one| one.at <= at && is_near(one.at, at));
        Self {
            at,
            after: before.into_iter().max_by_key(|one| one.at),
        }
    }
}

/// What happened to the target's pod, and meanwhile to what decides about it, in the order of time. The pod is one that is
/// not ready, or else the newest; where none was read as a whole there is nothing to tell.
pub fn timeline(case: &Case) -> Vec<Moment> {
    let Some(pod) = shown(case) else {
        return Vec::new();
    };
    let mut all = of_pod(pod);
    let first = all.iter().map(|one| one.at).min();
    let changes = changes(case).into_iter();
    let meanwhile =
        changes.filter(|one| first.is_some_and(|first| one.at >= first || is_near(one.at, first)));
    all.extend(meanwhile.map(|one| Moment {
        at: one.at,
        what: match &one.by {
            Some(by) => format!("{by} changed {}", one.object),
            None => format!("{} changed", one.object),
        },
    }));
    all.sort_by_key(|one| one.at);
    all.dedup();
    all
}

fn is_near(at: Timestamp, later: Timestamp) -> bool {
    at.checked_add(BEFORE).is_ok_and(|end| end >= later)
}

/// What was changed that decides about the target's pods, as far as it was read.
fn changes(case: &Case) -> Vec<Changed> {
    let mut all = of_mesh(case);
    all.extend(of_template(case).ok().flatten());
    all.extend(of_policies(case, &case.target().namespace));
    all
}

/// The same, but for the template of the pods.
fn of_mesh(case: &Case) -> Vec<Changed> {
    case.changes().map(|all| all.to_vec()).unwrap_or_default()
}

fn shown<'a>(case: &Case<'a>) -> Option<&'a Pod> {
    let unwell = case.unwell().ok()?;
    if let Some(one) = unwell.first() {
        return Some(one.pod);
    }
    let pods = case.whole_pods().ok()?.into_iter();
    let pods = pods.filter(|pod| running::has_sidecar(pod));
    pods.max_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0))
}

fn of_pod(pod: &Pod) -> Vec<Moment> {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let mut all = Vec::new();
    let mut add = |at: Option<Timestamp>, what: String| {
        all.extend(at.map(|at| Moment { at, what }));
    };
    let time = |at: Option<&Time>| at.map(|at| at.0);
    add(
        time(pod.metadata.creation_timestamp.as_ref()),
        format!("pod {name} was created"),
    );
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    for condition in conditions {
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
        let what = match (condition.type_.as_str(), condition.status.as_str()) {
            ("PodScheduled", "True") => {
                format!("it was assigned to node {}", node.unwrap_or_default())
            }
            ("Ready", "True") => "it became ready".to_owned(),
            ("Ready", "False") => "it is not ready from then on".to_owned(),
            _ => continue,
        };
        add(time(condition.last_transition_time.as_ref()), what);
    }
    for container in Container::of(pod) {
        let kind = match container.goes_on() {
            true => "container",
            false => "init container",
        };
        let name = format!("{kind} {}", container.name());
        let again = match container.restarts() {
            0 => String::new(),
            1 => ", and was started again once".to_owned(),
            times => format!(", and was started again {times} times"),
        };
        if let Some(ended) = container.ended_before() {
            add(
                time(ended.finished_at.as_ref()),
                format!("{name} {}{again}", end(ended)),
            );
        }
        if let Some(ended) = container.ended() {
            add(
                time(ended.finished_at.as_ref()),
                format!("{name} {}", end(ended)),
            );
        }
        add(container.running_since(), format!("{name} started"));
    }
    all
}

/// How a container ended: `ended with exit code 1 (Error) after 3 s`.
fn end(ended: &ContainerStateTerminated) -> String {
    let reason = ended.reason.as_deref().filter(|reason| !reason.is_empty());
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    let ran = ended.started_at.as_ref().zip(ended.finished_at.as_ref());
    let ran = ran.map(|(from, to)| to.0.duration_since(from.0).as_secs());
    let ran = ran.map_or_else(String::new, |seconds| format!(" after {seconds} s"));
    format!("ended with exit code {}{reason}{ran}", ended.exit_code)
}
