//! The stand-in for the scheduler: puts pods on the node.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Objects};
use crate::json::{list, text};
use crate::kubelet::{NODE, NODE_CPU, path};

/// What Kubernetes 1.36 says of a pod that asks for more CPUs than its only node has.
const TOO_LARGE: &str = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";

/// Puts pods on the node from now on, where they fit it.
pub(crate) fn start(api: Api) {
    let mut scheduler = Scheduler {
        api,
        bound: BTreeSet::new(),
    };
    api.follow("/api/v1/pods?fieldSelector=spec.nodeName=", move |pods| {
        scheduler.sync(pods);
    });
}

struct Scheduler {
    api: Api,
    /// The UIDs of the pods that were put on the node and are still to be seen as if they were not, and of those that do
    /// not fit it.
    bound: BTreeSet<String>,
}

impl Scheduler {
    fn sync(&mut self, pods: &Objects) {
        let there: BTreeSet<_> = pods
            .values()
            .map(|pod| text(pod, "/metadata/uid"))
            .collect();
        self.bound.retain(|uid| there.contains(uid.as_str()));
        for pod in pods.values() {
            let uid = text(pod, "/metadata/uid");
            let waits = !list(pod, "/spec/schedulingGates").is_empty()
                || pod.pointer("/metadata/deletionTimestamp").is_some();
            // A pod that changed meanwhile comes again; one that cannot be put right is seen as it is.
            if waits || self.bound.contains(uid) {
                continue;
            }
            let done = match asked_cpu(pod) > NODE_CPU {
                true => self.refuse(pod),
                false => self.bind(pod),
            };
            if done.is_ok() {
                self.bound.insert(uid.to_owned());
            }
        }
    }

    fn bind(&self, pod: &Value) -> Result<(), ApiError> {
        let binding = json!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": text(pod, "/metadata/name"), "uid": text(pod, "/metadata/uid")},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
        });
        self.api
            .create(&format!("{}/binding", path(pod)), &binding)
            .map(drop)
    }

    /// Says that the node has too little room, in the words of the scheduler.
    fn refuse(&self, pod: &Value) -> Result<(), ApiError> {
        let condition = json!({
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": TOO_LARGE,
            "lastTransitionTime": Timestamp::now(),
        });
        let status = json!({"status": {"phase": "Pending", "conditions": [condition]}});
        self.api
            .merge(&format!("{}/status", path(pod)), &status)
            .map(drop)
    }
}

/// The CPUs that a pod asks for by the containers that run together.
fn asked_cpu(pod: &Value) -> f64 {
    let inits = list(pod, "/spec/initContainers").iter();
    let sidecars = inits.filter(|one| text(one, "/restartPolicy") == "Always");
    let all = list(pod, "/spec/containers").iter().chain(sidecars);
    all.map(|one| cpus(text(one, "/resources/requests/cpu")))
        .sum()
}

/// A quantity as the API server writes those of CPUs: `2` or `1500m`.
fn cpus(quantity: &str) -> f64 {
    let number = |text: &str| text.parse().unwrap_or(0.0);
    match quantity.strip_suffix('m') {
        Some(thousandths) => number(thousandths) / 1000.0,
        None => number(quantity),
    }
}
