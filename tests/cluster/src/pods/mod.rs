//! Pods that really run: each in a network of its own, its containers as processes. What a kubelet does with a pod, as far
//! as scenarios need it.

mod command;
mod container;
mod environment;
pub(crate) mod events;
mod fields;
mod image;
mod lifecycle;
pub(crate) mod logs;
mod network;
mod objects;
pub(crate) mod probes;
mod process;
mod sandbox;
mod status;
mod volumes;

use std::iter;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::api::Api;
use crate::control_plane::Site;
use crate::json::list;
use crate::kubelet::Node;
use crate::scenario::Pods;
use crate::user_ids;

/// What this machine lacks to run pods in this way.
pub(crate) fn lacks(pods: &Pods) -> Option<&str> {
    if !user_ids::are_there() {
        return Some(
            "user ids up to 65535: root has them, and who has subordinate ids and the package uidmap",
        );
    }
    let others = pods.programs.iter().map(String::as_str);
    let mut programs = iter::once("iptables").chain(others);
    programs.find(|program| !is_there(program))
}

fn is_there(program: &str) -> bool {
    let mut version = Command::new(program);
    let output = version.arg("--version").stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success())
}

/// A pod that runs; its processes end with this value.
pub(crate) struct RunningPod {
    order: Arc<Order>,
    thread: Option<JoinHandle<()>>,
}

/// What is to become of a pod.
#[derive(Default)]
struct Order {
    wanted: Mutex<Wanted>,
    /// The ephemeral containers that it has been given.
    ephemeral: Mutex<Vec<Value>>,
}

#[derive(Clone, Copy, Default)]
enum Wanted {
    #[default]
    Running,
    /// It is asked to end, and killed at this time.
    Ending(Instant),
    Gone,
}

impl Order {
    fn get(&self) -> Wanted {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, wanted: Wanted) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
    }

    fn ephemeral(&self) -> Vec<Value> {
        let ephemeral = self.ephemeral.lock();
        ephemeral.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl RunningPod {
    /// Runs a pod at this address.
    pub(crate) fn start(api: Api, site: &Site, pod: &Value, ip: Ipv4Addr, node: Node) -> Self {
        let order = Arc::new(Order::default());
        let mut lifecycle = lifecycle::Lifecycle::new(api, site, pod, ip, node);
        let thread = thread::spawn({
            let order = Arc::clone(&order);
            move || lifecycle.run(&order)
        });
        Self {
            order,
            thread: Some(thread),
        }
    }

    /// Runs the ephemeral containers that the pod has by now: nothing else of it changes.
    pub(crate) fn debug(&self, pod: &Value) {
        let ephemeral = list(pod, "/spec/ephemeralContainers").to_vec();
        let known = self.order.ephemeral.lock();
        *known.unwrap_or_else(PoisonError::into_inner) = ephemeral;
    }

    /// Asks its containers to end, and removes it once they have, at the latest after this time.
    pub(crate) fn end(&self, within: Duration) {
        if matches!(self.order.get(), Wanted::Running) {
            self.order.give(Wanted::Ending(Instant::now() + within));
        }
    }
}

impl Drop for RunningPod {
    fn drop(&mut self) {
        self.order.give(Wanted::Gone);
        if let Some(thread) = self.thread.take() {
            // A panic there has been told.
            let _ = thread.join();
        }
    }
}
