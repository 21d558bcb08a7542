//! The istiods that a snapshot shows.

use k8s_openapi::api::apps::v1::Deployment;

use crate::facts::{Object as _, Resource, Snapshot};
use crate::way::{Version, istiod_container_of, revision, version_of_deployment};

/// One istiod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPlane {
    /// The namespace of its Deployment.
    pub namespace: String,
    /// The name of its Deployment.
    pub name: String,
    /// Its revision.
    pub revision: String,
    /// Its version.
    pub version: Version,
}

/// The istiods of a snapshot, by namespace and name.
pub fn control_planes(snapshot: &Snapshot) -> Vec<ControlPlane> {
    let reads = snapshot.reads.reads_of(Resource::Deployment);
    let lists = reads.filter_map(|(_, fact)| Deployment::among(fact.got()?));
    let istiods = lists.flatten();
    let mut found: Vec<_> = istiods
        .filter_map(|one| control_plane(snapshot, one))
        .collect();
    found.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    found.dedup();
    found
}

fn control_plane(snapshot: &Snapshot, deployment: &Deployment) -> Option<ControlPlane> {
    let template = deployment.spec.as_ref()?.template.spec.as_ref()?;
    let container = istiod_container_of(template)?;
    Some(ControlPlane {
        namespace: deployment.metadata.namespace.clone().unwrap_or_default(),
        name: deployment.metadata.name.clone().unwrap_or_default(),
        revision: revision(container).to_owned(),
        version: version_of_deployment(snapshot, deployment),
    })
}
