//! The stand-in for the kubelet of the one node: says that its pods run, and removes those that are deleted. The pods of
//! istiod really run: their processes are started with what the pod says. So do those of scenarios that ask for it, see
//! [`crate::pods`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Objects};
use crate::control_plane::Site;
use crate::istiod::{Health, Istiod};
use crate::json::{list, set, text};
use crate::pods::{RunningPod, logs};
use crate::scenario::Pods;
use crate::tools::KUBERNETES_VERSION;

/// The one node.
pub(crate) const NODE: &str = "test";

/// How many CPUs it has.
pub(crate) const NODE_CPU: f64 = 8.0;

/// Its address.
pub(crate) const NODE_IP: Ipv4Addr = Ipv4Addr::new(172, 18, 0, 2);

/// Pod addresses begin here.
const FIRST_POD_IP: Ipv4Addr = Ipv4Addr::new(10, 244, 0, 10);

/// Between two looks for what a pod waits for.
const POLL_PERIOD: Duration = Duration::from_millis(200);

/// What runs on the node.
struct Kubelet {
    api: Api,
    site: Arc<Site>,
    next_ip: Ipv4Addr,
    /// The pods that were started, by UID.
    started: BTreeMap<String, Started>,
    node: Node,
}

/// What became of a pod.
enum Started {
    Reported,
    /// Its process ends with this value.
    Istiod(#[expect(dead_code, reason = "held until it is to end")] Istiod),
    Running(RunningPod),
}

/// The node, as a scenario wants it.
#[derive(Clone, Default)]
pub(crate) struct Node(Arc<Mutex<Option<Pods>>>);

impl Node {
    /// From now on new pods really run, or are only reported as running. A version that could not be written is missed by
    /// the scenario that asks for it.
    pub(crate) fn run_pods(&self, api: Api, pods: Option<Pods>) {
        let version = pods.as_ref().and_then(|pods| pods.old_kubelet.as_deref());
        let info = json!({"kubeletVersion": version.unwrap_or(KUBERNETES_VERSION)});
        let path = format!("/api/v1/nodes/{NODE}/status");
        let _ = api.merge(&path, &json!({"status": {"nodeInfo": info}}));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pods;
    }

    /// How pods run, where they do.
    pub(crate) fn pods(&self) -> Option<Pods> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The path of the pods on the node.
pub(crate) const PODS_OF_NODE: &str = "/api/v1/pods?fieldSelector=spec.nodeName=test";

/// Registers the node and takes care of its pods from now on.
pub(crate) fn start(api: Api, site: Arc<Site>) -> Result<Node> {
    api.create("/api/v1/nodes", &object())?;
    logs::serve(api, &site)?;
    let node = Node::default();
    let mut kubelet = Kubelet {
        api,
        site,
        next_ip: FIRST_POD_IP,
        started: BTreeMap::new(),
        node: node.clone(),
    };
    api.follow(PODS_OF_NODE, move |pods| kubelet.sync(pods));
    Ok(node)
}

fn object() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": {
            "kubernetes.io/hostname": NODE,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "node-role.kubernetes.io/control-plane": "",
        }},
        "spec": {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"]},
        "status": {
            // No name: nothing but Services has one here, and the API server would use it for logs.
            "addresses": [{"type": "InternalIP", "address": NODE_IP}],
            "capacity": {"cpu": NODE_CPU.to_string(), "memory": "32Gi", "pods": "110"},
            "allocatable": {"cpu": NODE_CPU.to_string(), "memory": "32Gi", "pods": "110"},
            "conditions": [condition("Ready", true)],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": logs::PORT}},
            "nodeInfo": {
                "kubeletVersion": KUBERNETES_VERSION,
                "kubeProxyVersion": "",
                "containerRuntimeVersion": "containerd://2.2.0",
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "kernelVersion": "6.12.0",
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
            },
        },
    })
}

impl Kubelet {
    fn sync(&mut self, pods: &Objects) {
        let there: BTreeSet<_> = pods
            .values()
            .map(|pod| text(pod, "/metadata/uid"))
            .collect();
        self.started.retain(|uid, _| there.contains(uid.as_str()));
        for pod in pods.values() {
            // A pod that changed meanwhile comes again; one that cannot be put right is seen as it is.
            let _ = self.sync_pod(pod);
        }
    }

    fn sync_pod(&mut self, pod: &Value) -> Result<(), ApiError> {
        let uid = text(pod, "/metadata/uid");
        if pod.pointer("/metadata/deletionTimestamp").is_some() {
            if let Some(Started::Running(running)) = self.started.get(uid) {
                let seconds = pod.pointer("/metadata/deletionGracePeriodSeconds");
                let seconds = seconds.and_then(Value::as_u64).unwrap_or_default();
                running.end(Duration::from_secs(seconds));
                return Ok(());
            }
            self.started.remove(uid);
            let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": uid}});
            return self.api.delete(&path(pod), &options).map(drop);
        }
        match self.started.get(uid) {
            Some(Started::Running(running)) => running.debug(pod),
            Some(Started::Reported | Started::Istiod(_)) => {}
            None => self.run(pod)?,
        }
        Ok(())
    }

    fn run(&mut self, pod: &Value) -> Result<(), ApiError> {
        let ip = self.address_for(pod);
        let report = {
            let (api, pod) = (self.api, pod.clone());
            move |health| report(api, &pod, ip, health)
        };
        let started = if Istiod::is_in(pod) {
            report(Health::Starting)?;
            let site = Arc::clone(&self.site);
            Started::Istiod(Istiod::start(self.api, site, pod, ip, report))
        } else if self.node.pods().is_some() {
            let running = RunningPod::start(self.api, &self.site, pod, ip, self.node.clone());
            Started::Running(running)
        } else if lacks_config_map(self.api, pod) {
            report(Health::Waiting)?;
            start_later(self.api, pod.clone(), report);
            Started::Reported
        } else {
            report(Health::Ready)?;
            Started::Reported
        };
        self.started
            .insert(text(pod, "/metadata/uid").to_owned(), started);
        Ok(())
    }

    fn address_for(&mut self, pod: &Value) -> Ipv4Addr {
        if pod.pointer("/spec/hostNetwork") == Some(&Value::Bool(true)) {
            return NODE_IP;
        }
        let ip = self.next_ip;
        let next = u32::from(ip) + 1;
        // One that ends in 0 would be read as that of a network.
        let skipped = u32::from(next.is_multiple_of(256));
        self.next_ip = Ipv4Addr::from(next + skipped);
        ip
    }
}

/// What istiod writes into each namespace, up to half a minute after it has restarted. No scenario waits for it.
const ROOT_CERTIFICATE: &str = "istio-ca-root-cert";

/// Whether there is no ConfigMap for one of the pod's volumes.
fn lacks_config_map(api: Api, pod: &Value) -> bool {
    let namespace = text(pod, "/metadata/namespace");
    list(pod, "/spec/volumes").iter().any(|volume| {
        let name = text(volume, "/configMap/name");
        let is_needed = volume.pointer("/configMap/optional") != Some(&Value::Bool(true));
        let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
        !["", ROOT_CERTIFICATE].contains(&name) && is_needed && api.get(&path).is_err()
    })
}

/// Reports the pod as ready once the ConfigMaps are there, unless it is gone by then.
fn start_later(
    api: Api,
    pod: Value,
    report: impl Fn(Health) -> Result<(), ApiError> + Send + 'static,
) {
    thread::spawn(move || {
        while lacks_config_map(api, &pod) {
            thread::sleep(POLL_PERIOD);
            if api.get(&path(&pod)).is_err() {
                return;
            }
        }
        // A pod that is gone needs no report.
        let _ = report(Health::Ready);
    });
}

/// The path of a pod.
pub(crate) fn path(pod: &Value) -> String {
    format!(
        "/api/v1/namespaces/{}/pods/{}",
        text(pod, "/metadata/namespace"),
        text(pod, "/metadata/name")
    )
}

/// Writes the pod's status as a kubelet would.
fn report(api: Api, pod: &Value, ip: Ipv4Addr, health: Health) -> Result<(), ApiError> {
    let ready = health == Health::Ready;
    let containers = list(pod, "/spec/containers")
        .iter()
        .map(|c| container_status(c, health));
    let init_containers = list(pod, "/spec/initContainers").iter().map(|c| {
        if health == Health::Waiting {
            container_status(c, health)
        } else if text(c, "/restartPolicy") == "Always" {
            container_status(c, Health::Ready)
        } else {
            let mut status = container_status(c, Health::Ready);
            let now = Timestamp::now();
            let end =
                json!({"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now});
            set(&mut status, "", "state", json!({"terminated": end}));
            set(&mut status, "", "started", false);
            status
        }
    });
    let created = health != Health::Waiting;
    let status = json!({
        "phase": if created { "Running" } else { "Pending" },
        "hostIP": NODE_IP,
        "hostIPs": [{"ip": NODE_IP}],
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": text(pod, "/metadata/creationTimestamp"),
        "conditions": [
            condition("PodScheduled", true),
            condition("PodReadyToStartContainers", created),
            condition("Initialized", created),
            condition("ContainersReady", ready),
            condition("Ready", ready),
        ],
        "containerStatuses": containers.collect::<Vec<_>>(),
        "initContainerStatuses": init_containers.collect::<Vec<_>>(),
    });
    api.merge(&format!("{}/status", path(pod)), &json!({"status": status}))
        .map(drop)
}

fn condition(kind: &str, holds: bool) -> Value {
    json!({
        "type": kind,
        "status": if holds { "True" } else { "False" },
        "lastTransitionTime": Timestamp::now(),
    })
}

fn container_status(container: &Value, health: Health) -> Value {
    let image = text(container, "/image");
    let now = Timestamp::now();
    let state = match health {
        Health::Starting | Health::Ready => json!({"running": {"startedAt": now}}),
        Health::Crashed { .. } => json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        Health::Waiting => json!({"waiting": {"reason": "ContainerCreating"}}),
    };
    let (restarts, last_state) = match health {
        Health::Crashed { exit_code, times } => {
            let end = json!({"exitCode": exit_code, "reason": "Error", "startedAt": now, "finishedAt": now});
            (times, json!({"terminated": end}))
        }
        _ => (0, json!({})),
    };
    json!({
        "name": text(container, "/name"),
        "image": image,
        "imageID": image,
        "ready": health == Health::Ready,
        "started": !matches!(health, Health::Crashed { .. } | Health::Waiting),
        "restartCount": restarts,
        "state": state,
        "lastState": last_state,
    })
}
