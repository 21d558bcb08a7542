//! The life of a pod, from its volumes to its end.
//! Kubernetes 1.36: `SyncPod` in `pkg/kubelet/kuberuntime/kuberuntime_manager.go`.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::container::{Container, Part};
use super::events::Events;
use super::objects::Objects;
use super::sandbox::Sandbox;
use super::{Order, Wanted, logs, status};
use crate::api::Api;
use crate::control_plane::Site;
use crate::json::{list, set, text};
use crate::kubelet::{self, Node};
use crate::tools::Tools;

/// Between two looks at a pod.
const PERIOD: Duration = Duration::from_millis(50);

/// Until volumes that could not be made are tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long sidecars have after the last container of a job.
const GRACE: Duration = Duration::from_secs(30);

/// A pod on its way.
pub(super) struct Lifecycle {
    api: Api,
    tools: Tools,
    folder: PathBuf,
    pod: Value,
    ip: Ipv4Addr,
    node: Node,
    events: Events,
    sandbox: Option<Sandbox>,
    next_sandbox: Instant,
    containers: Vec<Container>,
    /// Since when its sidecars are asked to end, as the containers proper have.
    over: Option<Instant>,
    /// The status as it is known to the API server.
    reported: Value,
}

impl Lifecycle {
    pub(super) fn new(api: Api, site: &Site, pod: &Value, ip: Ipv4Addr, node: Node) -> Self {
        let mut containers = Vec::new();
        let is_old = node.pods().is_some_and(|pods| pods.old_kubelet.is_some());
        for spec in list(pod, "/spec/initContainers") {
            let part = match text(spec, "/restartPolicy") {
                "Always" if !is_old => Part::Sidecar,
                _ => Part::Init,
            };
            containers.push(Container::new(spec, part, "PodInitializing"));
        }
        for spec in list(pod, "/spec/containers") {
            containers.push(Container::new(spec, Part::Main, waiting(pod)));
        }
        Self {
            api,
            tools: site.tools.clone(),
            folder: logs::folder(site, pod),
            events: Events::of(api, pod),
            pod: with_addresses(pod, ip),
            ip,
            node,
            sandbox: None,
            next_sandbox: Instant::now(),
            containers,
            over: None,
            reported: pod.get("status").cloned().unwrap_or_default(),
        }
    }

    /// Looks after the pod until it is gone.
    pub(super) fn run(&mut self, order: &Order) {
        loop {
            match order.get() {
                Wanted::Running => {
                    self.add_ephemeral(order);
                    self.step();
                }
                Wanted::Ending(until) => {
                    self.finish(until, order);
                    self.clear();
                    self.leave();
                    return;
                }
                Wanted::Gone => return self.clear(),
            }
            sleep(PERIOD);
        }
    }

    /// Ends what is left of the pod. What cannot be removed goes with the cluster.
    fn clear(&mut self) {
        self.containers.clear();
        self.sandbox = None;
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Takes in the ephemeral containers that are new. They go before all others, as they wait for none.
    fn add_ephemeral(&mut self, order: &Order) {
        for spec in order.ephemeral() {
            let name = text(&spec, "/name");
            if self.containers.iter().any(|one| one.name() == name) {
                continue;
            }
            let is_ephemeral = |one: &&Container| one.part == Part::Ephemeral;
            let at = self.containers.iter().filter(is_ephemeral).count();
            let container = Container::new(&spec, Part::Ephemeral, waiting(&self.pod));
            self.containers.insert(at, container);
        }
    }

    fn step(&mut self) {
        if self.sandbox.is_none() && Instant::now() >= self.next_sandbox {
            self.make_sandbox();
        }
        self.look_after();
        self.start_containers();
        self.report();
    }

    fn make_sandbox(&mut self) {
        let objects = Objects {
            api: self.api,
            namespace: text(&self.pod, "/metadata/namespace").to_owned(),
        };
        let (folder, tools) = (self.folder.clone(), self.tools.clone());
        let pods = self.node.pods().unwrap_or_default();
        let sandbox = Sandbox::create(&self.pod, self.ip, folder, objects, tools, &pods);
        match sandbox {
            Ok(sandbox) => self.sandbox = Some(sandbox),
            Err((reason, words)) => {
                self.events.warning("", reason, &words);
                self.next_sandbox = Instant::now() + RETRY;
            }
        }
    }

    fn look_after(&mut self) {
        let pods = self.node.pods().unwrap_or_default();
        if let Some(sandbox) = &self.sandbox {
            for container in &mut self.containers {
                container.look_after(sandbox, &pods, &mut self.events);
            }
        }
    }

    /// Starts what may run: an init container after those before it, and the others after all of these.
    fn start_containers(&mut self) {
        let Some(sandbox) = &self.sandbox else {
            return;
        };
        if status::has_ended(&self.pod, &self.containers) {
            let since = *self.over.get_or_insert_with(|| {
                stop_all(&self.containers, false);
                Instant::now()
            });
            if since.elapsed() >= GRACE {
                stop_all(&self.containers, true);
            }
            return;
        }
        let pods = self.node.pods().unwrap_or_default();
        let policy = text(&self.pod, "/spec/restartPolicy");
        for container in &mut self.containers {
            let policy = match container.part {
                Part::Sidecar => "Always",
                // An init container that is to end need not run again when it has ended well.
                Part::Init if policy == "Always" => "OnFailure",
                Part::Init | Part::Main => policy,
                Part::Ephemeral => "Never",
            };
            let is_over = match container.exit_code() {
                Some(0) => policy != "Always",
                Some(_) => policy == "Never",
                None => false,
            };
            if !is_over {
                container.start(sandbox, &pods, &mut self.events);
            }
            let lets_pass = match container.part {
                Part::Init => container.exit_code() == Some(0),
                Part::Sidecar => container.is_started(),
                // Only a hook holds up the next one, not a probe.
                Part::Main => container.is_past_hook(),
                Part::Ephemeral => true,
            };
            if !lets_pass {
                return;
            }
        }
    }

    /// Writes the status, if it has changed. Who could not write it tries again.
    fn report(&mut self) {
        let ip = self.sandbox.as_ref().map(|_| self.ip);
        let mut status = status::compose(&self.pod, ip, &self.containers);
        status::date(&mut status, &self.reported);
        if status == self.reported {
            return;
        }
        let path = format!("{}/status", kubelet::path(&self.pod));
        if self.api.merge(&path, &json!({"status": status})).is_ok() {
            self.reported = status;
        }
    }

    /// Lets the containers end, and ends them when the time is over.
    fn finish(&mut self, until: Instant, order: &Order) {
        let goes_on = |until| Instant::now() < until && !matches!(order.get(), Wanted::Gone);
        let sandbox = self.sandbox.as_ref();
        let hooks = self.containers.iter();
        let mut hooks: Vec<Child> = hooks.filter_map(|one| one.pre_stop(sandbox?)).collect();
        while goes_on(until)
            && hooks
                .iter_mut()
                .any(|hook| matches!(hook.try_wait(), Ok(None)))
        {
            sleep(PERIOD);
        }
        // Native sidecars end after the containers that may need them.
        for parts in [
            &[Part::Main, Part::Init, Part::Ephemeral][..],
            &[Part::Sidecar],
        ] {
            let those = |one: &Container| parts.contains(&one.part);
            for one in self.containers.iter().filter(|one| those(one)) {
                one.stop(false);
            }
            while goes_on(until)
                && self
                    .containers
                    .iter()
                    .any(|one| those(one) && one.is_running())
            {
                self.look_after();
                self.report();
                sleep(PERIOD);
            }
        }
        stop_all(&self.containers, true);
    }

    /// Removes the pod from the API server. One that is gone already needs no removal.
    fn leave(&self) {
        let uid = text(&self.pod, "/metadata/uid");
        let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": uid}});
        let _ = self.api.delete(&kubelet::path(&self.pod), &options);
    }
}

/// Why a container has not been started yet.
fn waiting(pod: &Value) -> &'static str {
    match list(pod, "/spec/initContainers") {
        [] => "ContainerCreating",
        _ => "PodInitializing",
    }
}

fn stop_all(containers: &[Container], at_once: bool) {
    for container in containers {
        container.stop(at_once);
    }
}

/// The pod with what its environment may ask for.
fn with_addresses(pod: &Value, ip: Ipv4Addr) -> Value {
    let mut pod = pod.clone();
    let addresses = json!({
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "hostIP": kubelet::NODE_IP,
        "hostIPs": [{"ip": kubelet::NODE_IP}],
    });
    set(&mut pod, "", "status", addresses);
    pod
}
