//! Everything that was read, in one immutable and serialisable piece.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde::{Deserialize, Serialize};

use super::{Fact, Target, Workload};

/// Everything one run read: the cluster once, and each subject's own objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Snapshot {
    /// Version of this format: [`Snapshot::API_VERSION`].
    pub api_version: String,
    /// Always `Snapshot`.
    pub kind: String,
    /// When the reads were done. The checks' only clock.
    pub recorded_at: Timestamp,
    /// How the user reached the cluster; the printed commands repeat it.
    pub connection: Connection,
    /// What is the same for all subjects.
    pub cluster: Cluster,
    /// What was asked about, in the order given.
    pub subjects: Vec<Subject>,
}

impl Snapshot {
    /// The version of the format that this program writes and reads.
    pub const API_VERSION: &str = "injdoctor.dev/v1alpha1";
    /// The kind that marks a file as a snapshot.
    pub const KIND: &str = "Snapshot";
}

/// How the user reached the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The context in use, for display.
    #[serde(default)]
    pub context: String,
    /// `--context` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_flag: Option<String>,
    /// `--kubeconfig` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig_flag: Option<String>,
}

/// `namespace/name`, the key of everything that is read by name.
pub fn key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

/// What is the same for all subjects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// The API server's `gitVersion`, such as `v1.36.3`.
    pub server_version: Fact<String>,
    /// Namespaces by name: those of the subjects and of the webhooks' Services.
    pub namespaces: BTreeMap<String, Fact<Namespace>>,
    /// Every mutating webhook configuration, not only Istio's: their order matters.
    pub webhooks: Fact<Vec<MutatingWebhookConfiguration>>,
    /// The Services that webhook entries call, by [`key`].
    pub services: BTreeMap<String, Fact<Service>>,
    /// The EndpointSlices of those Services, by [`key`] of the Service.
    pub endpoint_slices: BTreeMap<String, Fact<Vec<EndpointSlice>>>,
    /// The pods of the namespaces in which Istio's webhook Services live, by namespace.
    pub pods: BTreeMap<String, Fact<Vec<Pod>>>,
    /// The Deployments of the same namespaces, by namespace.
    pub deployments: BTreeMap<String, Fact<Vec<Deployment>>>,
    /// By [`key`]: the injector's and the mesh's ConfigMap of each revision, and
    /// `istio-ca-root-cert` in each istiod's namespace.
    pub config_maps: BTreeMap<String, Fact<ConfigMap>>,
    /// The versions of the kubelets by node: `v1.36.3`. Asked for only where the pods' sidecars can differ by it.
    #[serde(default)]
    pub kubelet_versions: Fact<BTreeMap<String, String>>,
    /// The pods in kube-system with label `component=kube-apiserver`; an empty list where the
    /// control plane is managed elsewhere.
    pub api_servers: Fact<Vec<Pod>>,
}

/// One object the user asked about, with its own surroundings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// What the user pointed at.
    pub target: Target,
    /// The manifest it came from (`-` for standard input); none for an object of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The object itself.
    pub object: Fact<Workload>,
    /// Its owners by ownerReferences, nearest first.
    #[serde(default)]
    pub owners: Vec<Fact<Workload>>,
    /// The ReplicaSets of a Deployment in the chain, newest first: their `ReplicaFailure`
    /// condition keeps the text of a rejection after its event has expired.
    pub replica_sets: Fact<Vec<Workload>>,
    /// The pods that belong to the object (or to its top owner), as they are.
    pub pods: Fact<Vec<Pod>>,
    /// Events about the object, its owners, ReplicaSets and pods, newest last. They expire after an hour.
    pub events: Fact<Vec<Event>>,
}

impl Subject {
    /// The object and its owners, as far as they were read.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        let all = std::iter::once(&self.object).chain(&self.owners);
        all.filter_map(Fact::got)
    }
}
