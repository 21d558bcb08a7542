//! Which pods a NetworkPolicy selects, and which ports its rules open.
//!
//! Source: `k8s.io/api/networking/v1/types.go` (v0.36): a pod that a policy selects for a direction has only what a rule of
//! some policy admits there, and rules go by the port of the pod that is called.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPort, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::selector::requirements;
use crate::facts::kinds::Pod;

/// Which way a policy looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What comes in.
    Ingress,
    /// What goes out.
    Egress,
}

/// The policies that leave a pod only what their rules admit; none on the network of a node, where no policy applies.
pub fn isolating<'a>(
    policies: &'a [NetworkPolicy],
    pod: &Pod,
    direction: Direction,
) -> Vec<&'a NetworkPolicy> {
    let host_network = pod.spec.as_ref().and_then(|spec| spec.host_network);
    let is_on_the_host = host_network.unwrap_or_default();
    let isolating = policies.iter().filter(|policy| {
        let spec = policy.spec.as_ref();
        !is_on_the_host && spec.is_some_and(|spec| is_of(spec, direction) && selects(spec, pod))
    });
    isolating.collect()
}

/// Policies are of ingress where they do not say, and of egress where they have rules for it.
fn is_of(spec: &NetworkPolicySpec, direction: Direction) -> bool {
    let types = spec.policy_types.as_deref().unwrap_or_default();
    match direction {
        Direction::Ingress => types.is_empty() || types.iter().any(|one| one == "Ingress"),
        Direction::Egress => {
            types.is_empty() && spec.egress.is_some() || types.iter().any(|one| one == "Egress")
        }
    }
}

fn selects(spec: &NetworkPolicySpec, pod: &Pod) -> bool {
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    let requirements = requirements(spec.pod_selector.as_ref());
    requirements.is_ok_and(|all| all.iter().all(|one| one.is_met_by(&labels)))
}

/// Whether the ports of a rule, which are all where it names none, have this one; `is_called` tells whether a port of this
/// name is it.
pub fn open(
    ports: Option<&[NetworkPolicyPort]>,
    protocol: &str,
    port: i32,
    is_called: impl Fn(&str) -> bool,
) -> bool {
    let covers = |admitted: &NetworkPolicyPort| {
        let is_port = match &admitted.port {
            None => true,
            Some(IntOrString::Int(first)) => {
                (*first..=admitted.end_port.unwrap_or(*first)).contains(&port)
            }
            Some(IntOrString::String(name)) => is_called(name),
        };
        is_port && admitted.protocol.as_deref().unwrap_or("TCP") == protocol
    };
    let ports = ports.unwrap_or_default();
    ports.is_empty() || ports.iter().any(covers)
}
