//! The facts a check can need, and the permissions that reading them takes.

use serde::Serialize;

/// A kind of fact. A check declares the ones it reads; the collector's permissions, the generated
/// ClusterRole and the "needs" line of each page in docs follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Need {
    /// The target, its owners and the pod template among them.
    Object,
    /// The pods that belong to the target.
    Pods,
    /// The ReplicaSets of the target's Deployment.
    ReplicaSets,
    /// Events about any of them.
    Events,
    /// The namespace of the target.
    Namespace,
    /// All mutating webhook configurations.
    Webhooks,
    /// The Services that webhooks call, and their EndpointSlices.
    Services,
    /// The pods and Deployments beside the webhooks' Services: istiod.
    Istiod,
    /// The injector's ConfigMap of each revision.
    InjectorConfig,
    /// The mesh's ConfigMap of each revision.
    MeshConfig,
    /// ConfigMap istio-ca-root-cert in istiod's namespace.
    RootCertificate,
    /// The nodes' kubelets.
    Nodes,
    /// The pods of kube-apiserver.
    ApiServers,
    /// The API server's version.
    ServerVersion,
}

/// One rule of a ClusterRole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Resource in the plural.
    pub resource: &'static str,
    /// RBAC verbs.
    pub verbs: &'static [&'static str],
}

const fn permission(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
) -> Permission {
    Permission {
        group,
        resource,
        verbs,
    }
}

const GET: &[&str] = &["get"];
const LIST: &[&str] = &["list"];
const GET_LIST: &[&str] = &["get", "list"];

impl Need {
    /// Every need, in the order of the pod's way.
    pub const ALL: [Self; 14] = [
        Self::Object,
        Self::Pods,
        Self::ReplicaSets,
        Self::Events,
        Self::Namespace,
        Self::Webhooks,
        Self::Services,
        Self::Istiod,
        Self::InjectorConfig,
        Self::MeshConfig,
        Self::RootCertificate,
        Self::Nodes,
        Self::ApiServers,
        Self::ServerVersion,
    ];

    /// What a person calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Object => "the target and its owners",
            Self::Pods => "the target's pods",
            Self::ReplicaSets => "the ReplicaSets of the target",
            Self::Events => "events",
            Self::Namespace => "the namespace",
            Self::Webhooks => "mutating webhook configurations",
            Self::Services => "the webhooks' Services and EndpointSlices",
            Self::Istiod => "the pods and Deployments of istiod",
            Self::InjectorConfig => "the injector's ConfigMap",
            Self::MeshConfig => "the mesh's ConfigMap",
            Self::RootCertificate => "ConfigMap istio-ca-root-cert",
            Self::Nodes => "the versions of the nodes' kubelets",
            Self::ApiServers => "the pods of kube-apiserver",
            Self::ServerVersion => "the API server's version",
        }
    }

    /// What must be allowed to read it. The server's version is public to every authenticated user
    /// (ClusterRole system:public-info-viewer, Kubernetes 1.14 and later).
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Object => {
                const RULES: &[Permission] = &[
                    permission("", "pods", GET_LIST),
                    permission("apps", "deployments", GET_LIST),
                    permission("apps", "statefulsets", GET_LIST),
                    permission("apps", "daemonsets", GET_LIST),
                    permission("apps", "replicasets", GET_LIST),
                    permission("batch", "jobs", GET_LIST),
                    permission("batch", "cronjobs", GET_LIST),
                ];
                RULES
            }
            Self::Pods | Self::ApiServers => {
                const RULES: &[Permission] = &[permission("", "pods", LIST)];
                RULES
            }
            Self::ReplicaSets => {
                const RULES: &[Permission] = &[permission("apps", "replicasets", LIST)];
                RULES
            }
            Self::Events => {
                const RULES: &[Permission] = &[permission("", "events", LIST)];
                RULES
            }
            Self::Namespace => {
                const RULES: &[Permission] = &[permission("", "namespaces", GET_LIST)];
                RULES
            }
            Self::Webhooks => {
                const RULES: &[Permission] = &[permission(
                    "admissionregistration.k8s.io",
                    "mutatingwebhookconfigurations",
                    LIST,
                )];
                RULES
            }
            Self::Services => {
                const RULES: &[Permission] = &[
                    permission("", "services", GET),
                    permission("discovery.k8s.io", "endpointslices", LIST),
                ];
                RULES
            }
            Self::Istiod => {
                const RULES: &[Permission] = &[
                    permission("", "pods", LIST),
                    permission("apps", "deployments", LIST),
                ];
                RULES
            }
            Self::InjectorConfig | Self::MeshConfig | Self::RootCertificate => {
                const RULES: &[Permission] = &[permission("", "configmaps", GET)];
                RULES
            }
            Self::Nodes => {
                const RULES: &[Permission] = &[permission("", "nodes", LIST)];
                RULES
            }
            Self::ServerVersion => &[],
        }
    }
}
