//! The pods with a sidecar that are not ready, although they had the time.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::JobCondition;
use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::said::{by_container, by_kubelet};
use super::step::condition;
use super::{Container, Said, Step, has_failed, step};
use crate::facts::kinds::{Job, Pod};
use crate::facts::ownership::{controller, uid};
use crate::facts::{Kind, LogOf, Missing, Target};
use crate::texts::{Confidence, Proxy, What};
use crate::way::observe::brings_proxy;
use crate::way::{Case, names};

/// How long a pod may take to get ready.
pub const START: Duration = Duration::from_secs(30);
/// How many states of a workload's pods are told apart.
const STATES: usize = 10;

/// Pods that are not ready, all in the same state.
#[derive(Clone, Debug)]
pub struct Unwell<'a> {
    /// The first of them, about which all the rest is.
    pub pod: &'a Pod,
    /// How many others are in the same state.
    pub others: usize,
    /// At which step they stand.
    pub step: Step<'a>,
    /// What is said about that, the newest last.
    pub said: Vec<Said>,
    /// Why the log could not be read, where there should be one.
    pub unread: Option<Missing>,
}

impl<'a> Unwell<'a> {
    /// The name of the pod.
    pub fn name(&self) -> &'a str {
        self.pod.metadata.name.as_deref().unwrap_or_default()
    }

    /// Since when they are not ready, as far as the kubelet has said.
    pub fn since(&self) -> Option<Timestamp> {
        let at = condition(self.pod, "Ready").and_then(|one| one.last_transition_time.as_ref());
        let at = at.or(self.pod.metadata.creation_timestamp.as_ref());
        at.map(|time| time.0)
    }

    /// The text that tells the cause, where one tells it: the surest, and of those the newest. That an application
    /// starts before its sidecar is told by their times: a sidecar that does not listen says nothing about why. That it
    /// rejects what it gets follows from a port that it cannot have.
    pub fn cause(&self) -> Option<&Said> {
        let is_told = |said: &Said, whats: &[Proxy]| {
            let told = said.told.as_ref().map(|told| told.found.what);
            matches!(told, Some(What::Proxy(what)) if whats.contains(&what))
        };
        let ports = [Proxy::PrivilegedPort, Proxy::PortTaken];
        let lacks_port = self.said.iter().any(|said| is_told(said, &ports));
        let told = self.said.iter().filter_map(|said| {
            let cause = &said.told.as_ref()?.cause;
            let follows = lacks_port && is_told(said, &[Proxy::Rejected]);
            let is_cause =
                cause.confidence >= Confidence::Likely && cause.name != "app-before-proxy";
            (is_cause && !follows).then_some((cause.confidence, said))
        });
        told.max_by_key(|(confidence, _)| *confidence)
            .map(|(_, said)| said)
    }
}

/// The pods of the target that have a sidecar and are not ready, one for each state that they are in.
///
/// # Errors
/// [`Missing`] where it cannot be told how they fare.
pub fn unwell<'a>(case: &Case<'a>) -> Result<Vec<Unwell<'a>>, Missing> {
    case.chain()?;
    let run = case.run()?;
    let readiness = case.observation().readiness;
    if readiness.is_none_or(|all| all.ready >= all.pods) {
        return Ok(Vec::new());
    }
    let template = &case.workload()?.template.spec;
    if !may_have_sidecars(&case.pods()?, Some(template)) {
        return Ok(Vec::new());
    }
    let had_time = |pod: &&Pod| {
        let created = pod.metadata.creation_timestamp.as_ref();
        has_failed(pod)
            || created.is_some_and(|at| at.0.checked_add(START).is_ok_and(|end| end <= case.now()))
    };
    let pods = case.whole_pods()?.into_iter();
    let pods = pods.filter(|pod| is_meant(case.target(), run, pod) && had_time(pod));
    let events = case.events()?;
    let states = states(pods).into_iter();
    let unwell = states.map(|State { pod, step, others }| {
        let mut said = by_kubelet(pod, step, &events);
        let mut unread = None;
        for log in logs(step) {
            match case.log(&pod.metadata, &log) {
                Ok(Some(read)) => said.extend(by_container(&log, &read.lines)),
                Ok(None) => {}
                Err(missing) => unread = Some(missing),
            }
        }
        said.sort_by_key(|one| one.at);
        Unwell {
            pod,
            others,
            step,
            said,
            unread,
        }
    });
    Ok(unwell.collect())
}

/// Whether a pod is looked at: of a target that is a pod, none of those that are shown beside it; of a target with runs,
/// those of one run. What else has failed was replaced.
pub fn is_meant(target: &Target, run: Option<&Job>, pod: &Pod) -> bool {
    match (target.kind, run) {
        (Kind::Pod, _) => pod.metadata.name.as_deref() == Some(&target.name),
        (_, Some(run)) => is_of(run, &pod.metadata),
        (_, None) => !has_failed(pod),
    }
}

/// Whether a pod is one of a Job's.
pub fn is_of(run: &Job, pod: &ObjectMeta) -> bool {
    controller(pod).is_some_and(|owner| owner.uid == uid(&run.metadata))
}

/// The condition by which a Job has failed for good.
pub fn failed(run: &Job) -> Option<&JobCondition> {
    let conditions = run.status.as_ref()?.conditions.as_ref()?;
    let mut conditions = conditions.iter();
    conditions.find(|one| one.type_ == "Failed" && one.status == "True")
}

/// Pods in one state.
struct State<'a> {
    pod: &'a Pod,
    step: Step<'a>,
    others: usize,
}

/// The states of the pods with a sidecar that are not ready, each with its oldest pod: whether it had time to get ready
/// does not change which one that is.
fn states<'a>(pods: impl Iterator<Item = &'a Pod>) -> Vec<State<'a>> {
    let mut pods: Vec<_> = pods.collect();
    let age = |pod: &&Pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    pods.sort_by_key(age);
    let mut states: Vec<State> = Vec::new();
    for pod in pods {
        let Some(step) = step(pod).filter(|_| has_sidecar(pod)) else {
            continue;
        };
        match states.iter_mut().find(|one| mark(one.step) == mark(step)) {
            Some(state) => state.others += 1,
            None => states.push(State {
                pod,
                step,
                others: 0,
            }),
        }
    }
    states.truncate(STATES);
    states
}

/// What tells one state from another.
fn mark<'a>(step: Step<'a>) -> (u8, &'a str, Option<i32>) {
    let order = match step {
        Step::Node => 0,
        Step::Sandbox => 1,
        Step::Init(_) => 2,
        Step::Proxy(_) => 3,
        Step::Application(_) => 4,
    };
    let container = step.container();
    let ended = container.and_then(|one| one.ended_last());
    (
        order,
        container.map_or("", |one| one.name()),
        ended.map(|ended| ended.exit_code),
    )
}

/// Whether pods can be of the mesh, by what is known without reading them as a whole: one was injected, or their
/// template has a container of Istio's.
pub fn may_have_sidecars(pods: &[&ObjectMeta], template: Option<&PodSpec>) -> bool {
    let is_injected = |pod: &&ObjectMeta| {
        let annotations = pod.annotations.as_ref();
        annotations.is_some_and(|all| all.contains_key(names::STATUS))
    };
    pods.iter().any(is_injected) || template.is_some_and(brings_proxy)
}

/// Whether Istio has put a container into a pod, or was to replace one.
pub fn has_sidecar(pod: &Pod) -> bool {
    Container::of(pod).iter().any(Container::is_of_istio)
}

/// The logs that tell about a step: that of the container's run now, and of the one before.
fn logs(step: Step) -> Vec<LogOf> {
    let Some(container) = step.container() else {
        return Vec::new();
    };
    let has_run = container.is_running() || container.ended().is_some();
    let log = |previous| LogOf {
        container: container.name().to_owned(),
        previous,
        about: None,
    };
    let before = container.ended_before().map(|_| log(true));
    before
        .into_iter()
        .chain(has_run.then(|| log(false)))
        .collect()
}

/// The logs of a target's pods that are to be read: of each state those of one pod.
pub fn wanted_logs<'a>(pods: impl Iterator<Item = &'a Pod>) -> Vec<(&'a Pod, LogOf)> {
    let states = states(pods).into_iter();
    let logs = states.flat_map(|state| {
        let logs = logs(state.step).into_iter();
        logs.map(move |log| (state.pod, log))
    });
    logs.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    /// A pod whose sidecar has ended with this exit code, and runs again.
    fn pod(number: usize, code: usize) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": format!("web-{number}"), "namespace": "shop"},
            "spec": {"containers": [{"name": "istio-proxy"}]},
            "status": {"phase": "Running", "containerStatuses": [{
                "name": "istio-proxy", "image": "", "imageID": "", "ready": false, "restartCount": 1,
                "state": {"running": {}}, "lastState": {"terminated": {"exitCode": code}},
            }]},
        }))
        .unwrap()
    }

    #[test]
    fn of_many_pods_the_logs_of_ten_states_are_read() {
        let pods: Vec<_> = (0..500).map(|number| pod(number, number % 50)).collect();
        let logs = wanted_logs(pods.iter());
        let of: BTreeSet<_> = logs.iter().map(|(pod, _)| &pod.metadata.name).collect();
        assert_eq!((of.len(), logs.len()), (STATES, 2 * STATES));
    }
}
