//! Who runs the API server, or which distribution it is of, where the cluster tells.

use crate::facts::kinds::Pod;

use super::Case;

/// A platform with ways of its own to set up the API server and its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Google Kubernetes Engine.
    Gke,
    /// Amazon Elastic Kubernetes Service.
    Eks,
    /// Azure Kubernetes Service.
    Aks,
    /// Red Hat OpenShift.
    OpenShift,
    /// K3s.
    K3s,
    /// RKE2.
    Rke2,
    /// kind, whose nodes are containers.
    Kind,
    /// kubeadm on machines of one's own.
    Kubeadm,
}

/// kubeadm writes it on the static pods of API servers.
/// Source: Kubernetes 1.36, `cmd/kubeadm/app/constants/constants.go`.
pub const OF_KUBEADM: &str = "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint";

impl Platform {
    /// The platform by the API server's version, by the names of the nodes on which these pods run, or by the API server's own
    /// pods; none where nothing tells.
    ///
    /// Source: `kubectl version` and `kubectl get nodes` of such clusters: `v1.33.4-gke.1350000` with nodes `gke-CLUSTER-POOL-...`,
    /// `v1.33.3-eks-0f7a1b2` with nodes named by the address in the VPC, on AKS nodes `aks-POOL-...-vmss000000`,
    /// `v1.33.4+k3s1`, `v1.33.4+rke2r1`, and on OpenShift `v1.32.7+1a2b3c4`, which is a commit.
    pub fn of(case: &Case, pods: &[Pod]) -> Option<Self> {
        let nodes: Vec<_> = pods.iter().filter_map(node_of).collect();
        let is_on = |prefix: &str| nodes.iter().any(|node| node.starts_with(prefix));
        let by_node = || {
            let mut all = [("gke-", Self::Gke), ("aks-", Self::Aks)].into_iter();
            all.find_map(|(prefix, platform)| is_on(prefix).then_some(platform))
        };
        Self::by_version(case.server_version().unwrap_or_default())
            .or_else(by_node)
            .or_else(|| Self::of_api_servers(case))
    }

    /// kubeadm by what it writes on the pods of API servers; kind, which is made with it, by the names of their nodes and of
    /// the context together.
    ///
    /// Source: kind 0.30, `pkg/cluster/internal/providers/common/namer.go` (`CLUSTER-control-plane`, and with a number from
    /// the second on) and `pkg/cluster/internal/kubeconfig/internal/kubeconfig/helpers.go` (`kind-CLUSTER`).
    fn of_api_servers(case: &Case) -> Option<Self> {
        let pods = case.api_servers().ok()?;
        let is_of_kubeadm = |pod: &Pod| {
            let annotations = pod.metadata.annotations.as_ref();
            annotations.is_some_and(|all| all.contains_key(OF_KUBEADM))
        };
        if pods.is_empty() || !pods.iter().all(is_of_kubeadm) {
            return None;
        }
        let context = case.context();
        let node = context
            .strip_prefix("kind-")
            .map(|name| format!("{name}-control-plane"));
        let is_kinds = |pod: &Pod| {
            let number = node
                .as_ref()
                .and_then(|node| node_of(pod)?.strip_prefix(node));
            number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
        };
        Some(match pods.iter().all(is_kinds) {
            true => Self::Kind,
            false => Self::Kubeadm,
        })
    }

    fn by_version(version: &str) -> Option<Self> {
        let is_commit = |part: &str| part.len() == 7 && part.chars().all(|c| c.is_ascii_hexdigit());
        version
            .split(['-', '+'])
            .skip(1)
            .find_map(|part| match part {
                "eks" => Some(Self::Eks),
                _ if part.starts_with("gke.") => Some(Self::Gke),
                _ if part.starts_with("k3s") => Some(Self::K3s),
                _ if part.starts_with("rke2") => Some(Self::Rke2),
                _ => is_commit(part).then_some(Self::OpenShift),
            })
    }
}

/// The project of a GKE cluster by the name that gcloud gives its context: `gke_PROJECT_LOCATION_CLUSTER`. None of these has an
/// underscore.
pub fn gke_project(context: &str) -> Option<&str> {
    match context.split('_').collect::<Vec<_>>().as_slice() {
        ["gke", project, _location, _cluster] => Some(project),
        _ => None,
    }
}

/// Region and name of an EKS cluster by the name of its context: `arn:aws:eks:REGION:ACCOUNT:cluster/NAME` as aws writes it,
/// or `USER@NAME.REGION.eksctl.io` as eksctl does.
pub fn eks_cluster(context: &str) -> Option<(&str, &str)> {
    let by_eksctl = || {
        let (_user, cluster) = context.strip_suffix(".eksctl.io")?.rsplit_once('@')?;
        let (name, region) = cluster.split_once('.')?;
        Some((region, name))
    };
    match context.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", _partition, "eks", region, _account, cluster] => {
            Some((region, cluster.strip_prefix("cluster/")?))
        }
        _ => by_eksctl(),
    }
}

fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

#[cfg(test)]
mod tests {
    use super::{Platform, eks_cluster, gke_project};

    #[test]
    fn the_version_tells_the_platform() {
        for (version, expected) in [
            ("v1.33.4-gke.1350000", Some(Platform::Gke)),
            ("v1.33.3-eks-0f7a1b2", Some(Platform::Eks)),
            ("v1.33.4+k3s1", Some(Platform::K3s)),
            ("v1.34.0-rc.1+rke2r1", Some(Platform::Rke2)),
            ("v1.32.7+1a2b3c4", Some(Platform::OpenShift)),
            ("v1.36.3", None),
            ("v1.36.0-rc.1", None),
            ("", None),
        ] {
            assert_eq!(Platform::by_version(version), expected, "{version}");
        }
    }

    #[test]
    fn the_context_names_the_cluster() {
        for (context, project, cluster) in [
            ("gke_shop-1_europe-west1_mesh", Some("shop-1"), None),
            (
                "arn:aws-cn:eks:cn-north-1:123456789012:cluster/mesh",
                None,
                Some(("cn-north-1", "mesh")),
            ),
            (
                "ann@example.com@mesh.eu-west-1.eksctl.io",
                None,
                Some(("eu-west-1", "mesh")),
            ),
            ("gke_shop", None, None),
            ("prod", None, None),
            ("", None, None),
        ] {
            assert_eq!(gke_project(context), project, "{context}");
            assert_eq!(eks_cluster(context), cluster, "{context}");
        }
    }
}
