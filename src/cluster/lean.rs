//! Objects without their managedFields, as lists are read: these are half of a pod, and nobody asks who set
//! what in it.

use std::collections::BTreeMap;

use injdoctor_checks::facts::kinds::Pod;
use k8s_openapi::api::core::v1::{self, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use serde::Deserialize;

/// A pod as a list of pods is read.
#[derive(Deserialize)]
#[serde(from = "WholePod")]
pub struct LeanPod(pub Pod);

#[derive(Deserialize)]
struct WholePod {
    metadata: LeanMetadata,
    spec: Option<PodSpec>,
    status: Option<PodStatus>,
}

/// An object of whatever kind as a list of metadata is read.
#[derive(Deserialize)]
#[serde(from = "WholeObject")]
pub struct LeanObject(pub ObjectMeta);

#[derive(Deserialize)]
struct WholeObject {
    metadata: LeanMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeanMetadata {
    name: Option<String>,
    generate_name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    deletion_grace_period_seconds: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    finalizers: Option<Vec<String>>,
}

impl From<WholePod> for LeanPod {
    fn from(pod: WholePod) -> Self {
        let pod = Pod::from(v1::Pod {
            metadata: pod.metadata.into(),
            spec: pod.spec,
            status: pod.status,
        });
        // Lists have room for more while they are read; those of a clone have not.
        Self(pod.clone())
    }
}

impl From<WholeObject> for LeanObject {
    fn from(object: WholeObject) -> Self {
        Self(object.metadata.into())
    }
}

impl From<LeanMetadata> for ObjectMeta {
    fn from(metadata: LeanMetadata) -> Self {
        Self {
            name: metadata.name,
            generate_name: metadata.generate_name,
            namespace: metadata.namespace,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            creation_timestamp: metadata.creation_timestamp,
            deletion_timestamp: metadata.deletion_timestamp,
            deletion_grace_period_seconds: metadata.deletion_grace_period_seconds,
            labels: metadata.labels,
            annotations: metadata.annotations,
            owner_references: metadata.owner_references,
            finalizers: metadata.finalizers,
            ..Self::default()
        }
    }
}
