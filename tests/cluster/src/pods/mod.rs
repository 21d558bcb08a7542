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

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::api::Api;
use crate::control_plane::Site;
use crate::kubelet::Node;
use crate::user_ids;

/// What this machine lacks to run pods.
pub(crate) fn lacks() -> Option<&'static str> {
    if !user_ids::are_there() {
        return Some(
            "user ids up to 65535: root has them, and who has subordinate ids and the package uidmap",
        );
    }
    let iptables = Command::new("iptables")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match iptables {
        Ok(output) if output.status.success() => None,
        _ => Some("iptables"),
    }
}

/// A pod that runs; its processes end with this value.
pub(crate) struct RunningPod {
    order: Arc<Order>,
    thread: Option<JoinHandle<()>>,
}

/// What is to become of a pod.
#[derive(Default)]
struct Order(Mutex<Wanted>);

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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, wanted: Wanted) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
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
