//! A real control plane to prove injdoctor's verdicts against: etcd, kube-apiserver, kube-controller-manager and two
//! istiods run as plain processes in a private network. Only what needs a machine for itself has a stand-in: the
//! kubelet with the scheduler, and kube-proxy with the enforcement of NetworkPolicies.
//!
//! A program calls [`enter`] first thing in its `main`, then [`Cluster::start`]. [`Scenario`]s are the states that the
//! cluster gets broken into, and [`run`] proves one of them.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )
)]

mod answer;
mod api;
mod audit;
mod certificates;
mod cluster;
mod control_plane;
mod diagnosis;
mod dns;
mod dry_run;
mod envoy;
mod fault_proxy;
mod firewall;
mod fixes;
mod from_file;
mod harness;
mod http;
mod istio;
mod istiod;
mod istiod_log;
mod json;
mod kube_proxy;
mod kubelet;
mod namespace;
mod network;
mod network_policy;
mod other_webhook;
mod output;
mod pods;
mod process;
mod run;
mod scenario;
mod scheduler;
mod snapshot;
mod tools;
mod user_ids;
mod wait;
mod webhook;

use std::env;
use std::io::{self, Write};

pub use answer::Answer;
pub use api::{Api, ApiError};
pub use audit::only_reads;
pub use cluster::Cluster;
pub use control_plane::ApiServerSettings;
pub use dry_run::{Outcome, dry_run, pod_of};
pub use fault_proxy::{
    Disturbance, Exchange, Fault, FaultProxies, FaultProxy, Read, Resource, Times,
};
pub use harness::{Proof, prove};
pub use network::{Inside, enter};
pub use other_webhook::ADDRESS as OTHER_WEBHOOK;
pub use run::{run, set_up};
pub use scenario::{
    Expectation, Heal, HealedOutcome, Note, Observed, Pods, Predicted, Scenario, Step,
};
pub use tools::Tools;
pub use wait::wait_for;

/// Set to anything, it leaves out the tests that need a cluster.
pub const SKIP_VARIABLE: &str = "INJDOCTOR_SKIP_CLUSTER";

/// Whether the tests that need a cluster are to be left out.
pub fn skipped() -> bool {
    env::var_os(SKIP_VARIABLE).is_some()
}

/// A line for whoever watches.
pub(crate) fn tell(line: &str) {
    // Nobody is there to be told that telling failed.
    let _ = writeln!(io::stderr(), "{line}");
}
