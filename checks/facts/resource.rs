//! The kinds of object that are read. A new kind is one line in [`resources!`], and what of it may leave
//! the cluster in a file is a line in [`crate::redaction`].

use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::kinds::*;
use super::{Form, Kept, Kind, Read};

/// A kind of object that can be read.
pub trait Object:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Which kind it is.
    const RESOURCE: Resource;

    /// Its metadata.
    fn metadata(&self) -> &ObjectMeta;

    /// The same, to be changed.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;

    /// The objects of this kind among those that a read brought; none where they are of another kind.
    fn among(objects: &Objects) -> Option<&[Self]>;

    /// The same, to be changed.
    fn among_mut(objects: &mut Objects) -> Option<&mut Vec<Self>>;

    /// What a read brought.
    fn objects(all: Vec<Self>) -> Objects;
}

/// Declares the kinds: the variant, its Rust type, API group and resource in the plural.
macro_rules! resources {
    ($dollar:tt $($name:ident, $group:literal, $plural:literal;)+) => {
        /// The kinds of object that are read, in the order of the pod's way.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the names are Kubernetes' kinds")]
        pub enum Resource {
            $($name,)+
        }

        /// The objects that a read brought.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the names are Kubernetes' kinds")]
        pub enum Objects {
            $($name(Vec<$name>),)+
            /// Of objects of whatever kind their metadata, without managedFields.
            Metadata(Vec<ObjectMeta>),
        }

        $(
            impl Object for $name {
                const RESOURCE: Resource = Resource::$name;

                fn metadata(&self) -> &ObjectMeta {
                    &self.metadata
                }

                fn metadata_mut(&mut self) -> &mut ObjectMeta {
                    &mut self.metadata
                }

                fn among(objects: &Objects) -> Option<&[Self]> {
                    match objects {
                        Objects::$name(all) => Some(all),
                        _ => None,
                    }
                }

                fn among_mut(objects: &mut Objects) -> Option<&mut Vec<Self>> {
                    match objects {
                        Objects::$name(all) => Some(all),
                        _ => None,
                    }
                }

                fn objects(all: Vec<Self>) -> Objects {
                    Objects::$name(all)
                }
            }
        )+

        impl Resource {
            /// All of them.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Kubernetes' kind: `ReplicaSet`.
            pub const fn kind(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// API group; empty for the core group.
            pub const fn group(self) -> &'static str {
                match self {
                    $(Self::$name => $group,)+
                }
            }

            /// The resource in the plural: `replicasets`.
            pub const fn plural(self) -> &'static str {
                match self {
                    $(Self::$name => $plural,)+
                }
            }
        }

        impl Objects {
            /// The metadata of each object.
            pub fn metadata(&self) -> Vec<&ObjectMeta> {
                match self {
                    $(Self::$name(all) => all.iter().map(|one| &one.metadata).collect(),)+
                    Self::Metadata(all) => all.iter().collect(),
                }
            }

            /// A copy of the objects at these places.
            pub fn at(&self, places: &[usize]) -> Self {
                fn at<T: Clone>(all: &[T], places: &[usize]) -> Vec<T> {
                    places.iter().filter_map(|place| all.get(*place)).cloned().collect()
                }
                match self {
                    $(Self::$name(all) => Self::$name(at(all, places)),)+
                    Self::Metadata(all) => Self::Metadata(at(all, places)),
                }
            }

            /// Puts in the place of each object what `change` makes of it in the form of the API.
            ///
            /// # Errors
            /// Why that is no such object.
            pub fn rewrite(
                &mut self,
                change: &mut dyn FnMut(Value) -> Value,
            ) -> Result<(), serde_json::Error> {
                match self {
                    $(Self::$name(all) => rewrite(all, change),)+
                    Self::Metadata(all) => rewrite(all, change),
                }
            }
        }

        impl Serialize for Objects {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$name(all) => all.serialize(serializer),)+
                    Self::Metadata(all) => all.serialize(serializer),
                }
            }
        }

        impl<'de> DeserializeSeed<'de> for OfRead<'_> {
            type Value = Objects;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Objects, D::Error> {
                if self.0.form == Form::Metadata {
                    let mut all = Vec::deserialize(deserializer)?;
                    all.shrink_to_fit();
                    return Ok(Objects::Metadata(all));
                }
                match self.0.resource {
                    $(Resource::$name => {
                        let all = Vec::<Kept<$name>>::deserialize(deserializer)?;
                        Ok(Objects::$name(Kept::all(all)))
                    })+
                }
            }
        }

        /// Calls a generic function with the type of a resource.
        #[macro_export]
        macro_rules! for_resource {
            ($dollar resource:expr, $dollar function:ident($dollar($dollar argument:expr),*)) => {
                match $dollar resource {
                    $($crate::facts::Resource::$name => $dollar function::<$crate::facts::kinds::$name>($dollar($dollar argument),*),)+
                }
            };
        }
    };
}

fn rewrite<T: Serialize + DeserializeOwned>(
    all: &mut [T],
    change: &mut dyn FnMut(Value) -> Value,
) -> Result<(), serde_json::Error> {
    for one in all {
        *one = serde_json::from_value(change(serde_json::to_value(&*one)?))?;
    }
    Ok(())
}

/// What a read asked for, as the guide to what its objects are.
pub(super) struct OfRead<'a>(pub &'a Read);

resources! {
    $
    Pod, "", "pods";
    Deployment, "apps", "deployments";
    StatefulSet, "apps", "statefulsets";
    DaemonSet, "apps", "daemonsets";
    ReplicaSet, "apps", "replicasets";
    Job, "batch", "jobs";
    CronJob, "batch", "cronjobs";
    Event, "", "events";
    Namespace, "", "namespaces";
    MutatingWebhookConfiguration, "admissionregistration.k8s.io", "mutatingwebhookconfigurations";
    Service, "", "services";
    EndpointSlice, "discovery.k8s.io", "endpointslices";
    ConfigMap, "", "configmaps";
    NetworkPolicy, "networking.k8s.io", "networkpolicies";
    Node, "", "nodes";
    ResourceQuota, "", "resourcequotas";
    LimitRange, "", "limitranges";
    ValidatingWebhookConfiguration, "admissionregistration.k8s.io", "validatingwebhookconfigurations";
    ValidatingAdmissionPolicy, "admissionregistration.k8s.io", "validatingadmissionpolicies";
    ValidatingAdmissionPolicyBinding, "admissionregistration.k8s.io", "validatingadmissionpolicybindings";
    MutatingAdmissionPolicy, "admissionregistration.k8s.io", "mutatingadmissionpolicies";
    MutatingAdmissionPolicyBinding, "admissionregistration.k8s.io", "mutatingadmissionpolicybindings";
    Log, "", "pods/log";
    ClusterRole, "rbac.authorization.k8s.io", "clusterroles";
    ClusterRoleBinding, "rbac.authorization.k8s.io", "clusterrolebindings";
    Lease, "coordination.k8s.io", "leases";
}

pub use for_resource;

impl Resource {
    /// Whether it is a pod or makes pods.
    pub fn is_workload(self) -> bool {
        Kind::WORKLOADS
            .iter()
            .any(|kind| kind.name() == self.kind())
    }

    /// Whether older API servers do not serve it, or not as v1: the kinds of policies.
    pub fn is_young(self) -> bool {
        matches!(
            self,
            Self::ValidatingAdmissionPolicy
                | Self::ValidatingAdmissionPolicyBinding
                | Self::MutatingAdmissionPolicy
                | Self::MutatingAdmissionPolicyBinding
        )
    }

    /// The kind of a name: `ReplicaSet`.
    pub fn of_kind(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.kind() == name)
    }

    /// The resource as RBAC and kubectl call it: `deployments.apps`.
    pub fn name(self) -> String {
        match self.group() {
            "" => self.plural().to_owned(),
            group => format!("{}.{group}", self.plural()),
        }
    }
}
