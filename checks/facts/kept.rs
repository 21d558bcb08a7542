//! What of an object is kept.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry, ObjectMeta};
use serde::{Deserialize, Deserializer};

use super::ownership::controller;
use super::{Kind, Object, Resource, told_fields};

/// An object without what no check asks about. A cluster has thousands of them, and this is half of each.
#[derive(Clone, Debug)]
pub struct Kept<T>(pub T);

impl<T> Kept<T> {
    /// The objects of a list, without the room for more that it has while it is read.
    pub fn all(list: Vec<Self>) -> Vec<T> {
        let mut all: Vec<_> = list.into_iter().map(|Self(one)| one).collect();
        all.shrink_to_fit();
        all
    }
}

impl<'de, T: Object> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = T::deserialize(deserializer)?;
        keep_asked_about(object.metadata_mut(), T::RESOURCE);
        // Lists have room for more while they are read; those of a clone have not.
        Ok(Self(object.clone()))
    }
}

/// Nobody asks who set the status, nor who set what in a ReplicaSet of a Deployment, which has all from there. Of other
/// fields than those of which findings tell it, only when they were set is asked.
fn keep_asked_about(metadata: &mut ObjectMeta, resource: Resource) {
    let has_maker = resource == Resource::ReplicaSet
        && controller(metadata).is_some_and(|owner| owner.kind == Some(Kind::Deployment));
    let managers = metadata.managed_fields.take();
    metadata.managed_fields = managers.filter(|_| !has_maker).map(|managers| {
        let of_the_object = managers.into_iter().filter(|one| one.subresource.is_none());
        of_the_object.map(asked_about).collect()
    });
}

fn asked_about(entry: ManagedFieldsEntry) -> ManagedFieldsEntry {
    let fields = entry.fields_v1.as_ref();
    ManagedFieldsEntry {
        fields_v1: fields
            .and_then(|fields| told_fields(&fields.0, &|_| true))
            .map(FieldsV1),
        ..entry
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::kinds::{Deployment, ReplicaSet};

    fn managers<T: Object>(owner: &str) -> Vec<String> {
        let Kept(object) = serde_json::from_value::<Kept<T>>(json!({
            "metadata": {
                "ownerReferences": [
                    { "apiVersion": "apps/v1", "kind": owner, "name": "web", "uid": "1", "controller": true },
                ],
                "managedFields": [
                    { "manager": "kubectl" },
                    { "manager": "kube-controller-manager", "subresource": "status" },
                ],
            },
        }))
        .unwrap();
        let managers = object.metadata().managed_fields.iter().flatten();
        managers.filter_map(|one| one.manager.clone()).collect()
    }

    #[test]
    fn managed_fields_are_kept_where_somebody_asks() {
        assert_eq!(managers::<Deployment>("Deployment"), ["kubectl"]);
        assert_eq!(managers::<ReplicaSet>("Rollout"), ["kubectl"]);
        assert!(managers::<ReplicaSet>("Deployment").is_empty());
    }
}
