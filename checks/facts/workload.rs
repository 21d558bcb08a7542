//! The kinds of object a person points injdoctor at, in one shape.

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::{Deserialize, Serialize};

use super::Resource;
use super::ownership::controller;

/// The kinds that make pods, and the pod itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are Kubernetes' kinds")]
pub enum Kind {
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    CronJob,
    MutatingWebhookConfiguration,
}

impl Kind {
    /// Every kind that a target of `check` can have.
    pub const WORKLOADS: [Self; 7] = [
        Self::Pod,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::CronJob,
    ];

    /// Kubernetes' kind, singular in camel case: `ReplicaSet`.
    pub fn name(self) -> &'static str {
        self.resource().kind()
    }

    /// What is read of it.
    pub fn resource(self) -> Resource {
        match self {
            Self::Pod => Resource::Pod,
            Self::Deployment => Resource::Deployment,
            Self::StatefulSet => Resource::StatefulSet,
            Self::DaemonSet => Resource::DaemonSet,
            Self::ReplicaSet => Resource::ReplicaSet,
            Self::Job => Resource::Job,
            Self::CronJob => Resource::CronJob,
            Self::MutatingWebhookConfiguration => Resource::MutatingWebhookConfiguration,
        }
    }

    /// Kubernetes' resource, plural in lower case: `replicasets`.
    pub fn plural(self) -> &'static str {
        self.resource().plural()
    }

    /// The word kubectl takes before a slash: `replicaset`.
    pub fn singular(self) -> String {
        self.name().to_lowercase()
    }

    /// The short names kubectl takes.
    pub fn short_names(self) -> &'static [&'static str] {
        match self {
            Self::Pod => &["po"],
            Self::Deployment => &["deploy"],
            Self::StatefulSet => &["sts"],
            Self::DaemonSet => &["ds"],
            Self::ReplicaSet => &["rs"],
            Self::CronJob => &["cj"],
            Self::Job | Self::MutatingWebhookConfiguration => &[],
        }
    }

    /// API group; empty for the core group.
    pub fn group(self) -> &'static str {
        self.resource().group()
    }

    /// Where the kind keeps the metadata of the pods it makes; empty for a pod, which is its own.
    pub fn template_path(self) -> &'static str {
        match self {
            Self::Pod | Self::MutatingWebhookConfiguration => "",
            Self::CronJob => ".spec.jobTemplate.spec.template",
            _ => ".spec.template",
        }
    }
}

/// What the user pointed at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Kind of the object.
    pub kind: Kind,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name; empty for a manifest that has only `generateName`.
    pub name: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind.singular(), self.name)
    }
}

/// One object of a target's owner chain, reduced to what matters for the pods it makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Kind of the object.
    pub kind: Kind,
    /// Its metadata, managedFields included.
    pub metadata: ObjectMeta,
    /// The object itself, where its kind is not known and [`Workload::kind`] is that of what it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom>,
    /// The pods it makes; for a pod, the pod itself.
    pub template: Template,
    /// What keeps a change of the template from the pods that exist.
    #[serde(default, skip_serializing_if = "Rollout::is_automatic")]
    pub rollout: Rollout,
    /// Pods it wants now; none where the kind has no such number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// How many of its pods are ready; none where its status does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
    /// Status conditions of any kind, in one shape.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}

/// How many pods there are, and how many of them are ready; those that have ended do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// All of them.
    pub pods: i32,
    /// Those whose condition Ready is true.
    pub ready: i32,
}

/// An object of a kind that is not known here, whose manifest holds the template of its pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Custom {
    /// The object.
    pub owner: Owner,
    /// Where it keeps the template, such as `.spec.template`.
    pub template_path: String,
}

/// An object that controls others, and of which nothing but this is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// In kubectl's words: `rollout.argoproj.io/reviews`.
impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.kind.to_lowercase();
        match self.api_version.split_once('/') {
            Some((group, _)) => write!(f, "{kind}.{group}/{}", self.name),
            None => write!(f, "{kind}/{}", self.name),
        }
    }
}

/// Whether a workload replaces its pods by itself when its template changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rollout {
    /// It does, as far as its kind can.
    #[default]
    Automatic,
    /// It is paused: a Deployment with `spec.paused`.
    Paused,
    /// Only where a pod is deleted: a StatefulSet or DaemonSet whose update strategy is `OnDelete`.
    OnDelete,
}

impl Rollout {
    fn is_automatic(&self) -> bool {
        *self == Self::Automatic
    }
}

/// Labels, annotations and spec of the pods a workload makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The template's metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// The template's spec.
    #[serde(default)]
    pub spec: PodSpec,
}

/// A status condition: the fields that every Kubernetes condition has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of metav1.Condition")]
pub struct Condition {
    #[serde(rename = "type")]
    pub type_: String,
    pub status: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub message: String,
    /// Since when the status is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
}

impl Workload {
    /// The object in the words of kubectl: `deployment/reviews`.
    pub fn reference(&self) -> String {
        if let Some(custom) = &self.custom {
            return custom.owner.to_string();
        }
        format!(
            "{}/{}",
            self.kind.singular(),
            self.metadata.name.as_deref().unwrap_or_default()
        )
    }

    /// Where it keeps the metadata of the pods it makes; empty for a pod, which is its own.
    pub fn template_path(&self) -> &str {
        match &self.custom {
            Some(custom) => &custom.template_path,
            None => self.kind.template_path(),
        }
    }

    /// Who controls it, where it is not made from that one's template: an operator's custom resource as a
    /// rule. That one may undo what is changed here.
    pub fn owner(&self) -> Option<Owner> {
        if let Some(custom) = &self.custom {
            return Some(custom.owner.clone());
        }
        let controller = controller(&self.metadata)?;
        if controller.maker_of(self.kind).is_some() {
            return None;
        }
        let (kind, api_version) = controller.written;
        Some(Owner {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            name: controller.name.to_owned(),
        })
    }
}
