//! The stand-in for the scheduler: puts pods on the node.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Objects};
use crate::json::{list, text};
use crate::kubelet::{NODE, path};

/// Puts pods on the node from now on.
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
    /// The UIDs of the pods that were put on the node and are still to be seen as if they were not.
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
            if !waits && !self.bound.contains(uid) && self.bind(pod).is_ok() {
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
}
