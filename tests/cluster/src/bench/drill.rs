//! What a check of pods that are not ready costs where their logs are not as they should be: on nodes that do not answer,
//! that send too much or no text, and of many pods.

mod node;

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use testcluster::{Api, Cluster, wait_for};

use super::commands::Candidate;
use super::goals::Goal;
use super::measure::Results;
use node::Log;

const NAMESPACE: &str = "drill";

/// In how many states the pods of a workload are; those of more are not read.
const STATES: usize = 10;

const MANY: usize = 500;

/// A pod that is younger may still be starting.
const START: Duration = Duration::from_secs(31);

/// In milliseconds.
const TIME: f64 = 5000.0;

/// How much more memory than the same with well logs.
const MORE_MEBIBYTES: f64 = 64.0;

/// The Deployments, each with its pods on one of the nodes.
pub(super) struct Drill {
    well: Candidate,
    others: Vec<Candidate>,
}

impl Drill {
    /// Makes them, and says of all their pods that their proxies do not get ready.
    pub(super) fn start(cluster: &Cluster) -> Result<Self> {
        let api = cluster.api();
        let labels = json!({"istio-injection": "enabled"});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}});
        api.create("/api/v1/namespaces", &namespace)?;
        for log in Log::ALL {
            node::start(cluster, log)?;
            deploy(api, log.name(), log, STATES)?;
        }
        deploy(api, "many", Log::Endless, MANY)?;
        let pods = STATES * Log::ALL.len() + MANY;
        let pods = wait_for("the pods of the drill", || {
            let list = api.get(&format!("/api/v1/namespaces/{NAMESPACE}/pods"))?;
            let all = list.pointer("/items").and_then(Value::as_array);
            let all = all.cloned().unwrap_or_default();
            ensure!(all.len() == pods, "{} of {pods} are there", all.len());
            Ok(all)
        })?;
        for (number, pod) in pods.iter().enumerate() {
            let name = pod.pointer("/metadata/name").and_then(Value::as_str);
            let name = name.unwrap_or_default();
            let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{name}/status");
            api.merge(&path, &json!({"status": unready(pod, number % STATES)}))?;
        }
        thread::sleep(START);
        let check =
            |arguments: &[&str]| Candidate::new(&[&["injdoctor", "check"], arguments].concat());
        let one = |name: &str| check(&[&format!("deploy/{name}"), "-n", NAMESPACE]);
        let others = ["silent", "endless", "binary", "many"].map(one);
        Ok(Self {
            well: one(Log::Well.name()),
            others: others.into_iter().chain([check(&["-A"])]).collect(),
        })
    }

    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let well = [self.well.clone()].into_iter();
        well.chain(self.others.iter().cloned()).collect()
    }

    pub(super) fn goals(&self, results: &Results) -> Vec<Goal> {
        let memory = results.peak(&self.well) + MORE_MEBIBYTES;
        let goals = |of| {
            [
                Goal::milliseconds(results, of, TIME),
                Goal::mebibytes(results, of, memory.round()),
            ]
        };
        self.others.iter().flat_map(goals).collect()
    }

    /// Takes everything away.
    pub(super) fn remove(cluster: &mut Cluster) -> Result<()> {
        cluster.without_controllers(|api| api.delete_namespace(NAMESPACE))
    }
}

fn deploy(api: Api, name: &str, log: Log, pods: usize) -> Result<()> {
    let labels = json!({"app": name});
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicas": pods, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {
                "nodeName": log.node(),
                "containers": [{"name": "app", "image": "registry.example/shop/app:1.27.3"}],
            },
        }},
    });
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    api.create(&path, &deployment)?;
    Ok(())
}

/// The status of a pod whose sidecar has ended once, with this exit code, runs again, and is not ready.
fn unready(pod: &Value, code: usize) -> Value {
    let at = pod.pointer("/metadata/creationTimestamp");
    let names = |field: &str| {
        let all = pod.pointer(field).and_then(Value::as_array).into_iter();
        all.flatten()
            .map(|container| container.get("name").cloned().unwrap_or_default())
    };
    let status = |name: Value, state: Value| json!({"name": name, "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state});
    let proxy = |name: Value| {
        json!({
            "name": name, "image": "", "imageID": "", "ready": false, "started": false, "restartCount": 1,
            "state": {"running": {"startedAt": at}},
            "lastState": {"terminated": {"exitCode": code, "finishedAt": at}},
        })
    };
    let ended = json!({"terminated": {"exitCode": 0, "finishedAt": at}});
    let init = names("/spec/initContainers").map(|name| match name == "istio-proxy" {
        true => proxy(name),
        false => status(name, ended.clone()),
    });
    let waits = json!({"waiting": {"reason": "PodInitializing"}});
    let others = names("/spec/containers").map(|name| status(name, waits.clone()));
    json!({
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": at},
            {"type": "Ready", "status": "False", "lastTransitionTime": at},
        ],
        "initContainerStatuses": init.collect::<Vec<_>>(),
        "containerStatuses": others.collect::<Vec<_>>(),
    })
}
