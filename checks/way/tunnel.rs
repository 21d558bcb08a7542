//! The tunnel from a control plane to its nodes: konnectivity, whose agents run on the nodes.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};

use super::Case;
use crate::facts::{Missing, Read, Resource};

/// What runs the agents, in kube-system: a DaemonSet in Kubernetes' own manifests, a Deployment on GKE and AKS.
const AGENT: &str = "konnectivity-agent";
const NAMESPACE: &str = "kube-system";

/// Those who run the agents of the tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agents {
    /// In kubectl's words: `daemonset/konnectivity-agent -n kube-system`.
    pub object: String,
    /// The field that says how many are ready.
    pub field: &'static str,
    /// How many there should be.
    pub wanted: i32,
    /// How many are ready.
    pub ready: i32,
}

/// What has to be read to know the agents.
pub fn tunnel_reads() -> [Read; 2] {
    [Resource::Deployment, Resource::DaemonSet]
        .map(|resource| Read::get(resource, Some(NAMESPACE), AGENT))
}

/// The agents of the tunnel; none where the control plane has none.
///
/// # Errors
/// [`Missing`] where who runs them was not read.
pub fn agents(case: &Case) -> Result<Option<Agents>, Missing> {
    let of = |kind: &str, field, wanted: Option<i32>, ready: Option<i32>| Agents {
        object: format!("{kind}/{AGENT} -n {NAMESPACE}"),
        field,
        wanted: wanted.unwrap_or(1),
        ready: ready.unwrap_or_default(),
    };
    if let Some(one) = case.object_named::<DaemonSet>(NAMESPACE, AGENT)? {
        let status = one.status.as_ref();
        let wanted = status.map(|status| status.desired_number_scheduled);
        let ready = status.map(|status| status.number_ready);
        return Ok(Some(of("daemonset", ".status.numberReady", wanted, ready)));
    }
    let deployment = case.object_named::<Deployment>(NAMESPACE, AGENT)?;
    Ok(deployment.map(|one| {
        let wanted = one.spec.as_ref().and_then(|spec| spec.replicas);
        let ready = one.status.as_ref().and_then(|status| status.ready_replicas);
        of("deployment", ".status.readyReplicas", wanted, ready)
    }))
}
