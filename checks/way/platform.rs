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
}

impl Platform {
    /// The platform by the API server's version and by the names of the nodes on which these pods run; none where neither tells.
    ///
    /// Source: `kubectl version` and `kubectl get nodes` of such clusters: `v1.33.4-gke.1350000` with nodes `gke-CLUSTER-POOL-...`,
    /// `v1.33.3-eks-0f7a1b2` with nodes named by the address in the VPC, on AKS nodes `aks-POOL-...-vmss000000`,
    /// `v1.33.4+k3s1`, `v1.33.4+rke2r1`, and on OpenShift `v1.32.7+1a2b3c4`, which is a commit.
    pub fn of(case: &Case, pods: &[Pod]) -> Option<Self> {
        let specs = pods.iter().filter_map(|pod| pod.spec.as_ref());
        let nodes: Vec<_> = specs.filter_map(|spec| spec.node_name.as_deref()).collect();
        let is_on = |prefix: &str| nodes.iter().any(|node| node.starts_with(prefix));
        let by_node = || {
            let mut all = [("gke-", Self::Gke), ("aks-", Self::Aks)].into_iter();
            all.find_map(|(prefix, platform)| is_on(prefix).then_some(platform))
        };
        Self::by_version(case.server_version().unwrap_or_default()).or_else(by_node)
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

    /// Where the API server's environment is set, NO_PROXY among it; none where its users cannot.
    ///
    /// Source: Microsoft, "HTTP proxy support in AKS"; Red Hat, "Configuring the cluster-wide proxy"; K3s, "Configuring an
    /// HTTP proxy"; RKE2, "Configuring an HTTP proxy".
    pub const fn api_server_environment(self) -> Option<&'static str> {
        match self {
            Self::Gke | Self::Eks => None,
            Self::Aks => Some("in noProxy of the file for az aks update --http-proxy-config"),
            Self::OpenShift => Some("in spec.noProxy: oc edit proxy/cluster"),
            Self::K3s => Some(
                "in /etc/systemd/system/k3s.service.env of each server, followed by systemctl restart k3s",
            ),
            Self::Rke2 => Some(
                "in /etc/default/rke2-server of each server, followed by systemctl restart rke2-server",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

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
}
