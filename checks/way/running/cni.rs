//! The agent of Istio's CNI plugin, which has to run on the node of each pod that the plugin is to set up.
//!
//! Source: Istio 1.31, `manifests/charts/istio-cni/templates/daemonset.yaml`.

use jiff::Timestamp;

use super::step::condition;
use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::way::Case;

/// The container of the agent.
const AGENT: &str = "install-cni";

/// How the agent fares on the node of a pod.
#[derive(Clone, Copy, Debug)]
pub enum Agent<'a> {
    /// It is ready.
    Ready {
        /// The agent.
        pod: &'a Pod,
        /// Since when.
        since: Option<Timestamp>,
    },
    /// It is there, and not ready.
    Unready(&'a Pod),
    /// It runs on other nodes.
    Elsewhere,
    /// There is none beside istiod. It may be in another namespace, which is not looked at.
    Unseen,
}

/// How the agent fares on the node of a pod.
///
/// # Errors
/// [`Missing`] where the pods beside istiod were not read.
pub fn agent<'a>(case: &Case<'a>, pod: &Pod) -> Result<Agent<'a>, Missing> {
    let mut agents = Vec::new();
    for namespace in case.istio_namespaces()? {
        let pods = case.istiod_pods(&namespace)?;
        agents.extend(pods.iter().filter(|pod| is_agent(pod)));
    }
    let beside = agents.iter().find(|one| node(one) == node(pod));
    Ok(match beside {
        Some(agent) => match condition(agent, "Ready").filter(|one| one.status == "True") {
            Some(ready) => Agent::Ready {
                pod: agent,
                since: ready.last_transition_time.as_ref().map(|time| time.0),
            },
            None => Agent::Unready(agent),
        },
        None if agents.is_empty() => Agent::Unseen,
        None => Agent::Elsewhere,
    })
}

fn is_agent(pod: &Pod) -> bool {
    let spec = pod.spec.as_ref();
    spec.is_some_and(|spec| spec.containers.iter().any(|one| one.name == AGENT))
}

/// The node of a pod; none where it has none yet.
pub fn node(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}
