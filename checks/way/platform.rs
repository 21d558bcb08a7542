//! Who runs the control plane, where the cluster tells.

use crate::facts::kinds::Pod;

use super::Case;

/// A platform that runs the control plane for its users, in a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Google Kubernetes Engine.
    Gke,
    /// Amazon Elastic Kubernetes Service.
    Eks,
    /// Azure Kubernetes Service.
    Aks,
}

impl Platform {
    /// The platform by the API server's version and by the names of the nodes on which these pods run; none where neither tells.
    ///
    /// Source: `kubectl version` and `kubectl get nodes` of such clusters: `v1.33.4-gke.1350000` with nodes `gke-CLUSTER-POOL-...`,
    /// `v1.33.3-eks-0f7a1b2` with nodes named by the address in the VPC, and on AKS nodes `aks-POOL-...-vmss000000`.
    pub fn of(case: &Case, pods: &[Pod]) -> Option<Self> {
        let version = case.server_version().unwrap_or_default();
        let specs = pods.iter().filter_map(|pod| pod.spec.as_ref());
        let nodes: Vec<_> = specs.filter_map(|spec| spec.node_name.as_deref()).collect();
        let is_on = |prefix: &str| nodes.iter().any(|node| node.starts_with(prefix));
        if version.contains("-gke.") || is_on("gke-") {
            return Some(Self::Gke);
        }
        if version.contains("-eks-") {
            return Some(Self::Eks);
        }
        is_on("aks-").then_some(Self::Aks)
    }
}
