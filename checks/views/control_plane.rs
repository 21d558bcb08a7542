//! The istiods that a snapshot shows.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::facts::{Read, Resource, Snapshot};
use crate::way::{
    ControlPlaneKind, Version, endpoint_slices_of, injectors, istiod_container_of, revision,
    version_of_deployment,
};

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

impl ControlPlane {
    /// Its Deployment in words.
    pub(super) fn reference(metadata: &ObjectMeta) -> String {
        let name = metadata.name.as_deref().unwrap_or_default();
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        format!("deployment/{name} in {namespace}")
    }
}

/// The istiods of a snapshot, by namespace and name.
pub fn control_planes(snapshot: &Snapshot) -> Vec<ControlPlane> {
    let mut found: Vec<_> = snapshot
        .reads
        .every::<Deployment>()
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

/// The kinds of control plane that the injection webhooks of a snapshot lead to, besides istiods of Istio's own charts.
pub fn control_plane_kinds(snapshot: &Snapshot) -> BTreeSet<ControlPlaneKind> {
    let reads = &snapshot.reads;
    let all = Read::list(Resource::MutatingWebhookConfiguration, None);
    let webhooks = reads
        .list::<MutatingWebhookConfiguration>(&all)
        .unwrap_or_default();
    let kinds = injectors(webhooks).filter_map(|(configuration, webhook)| {
        let kind = ControlPlaneKind::of(configuration, webhook, |called| {
            let service = reads.get(Some(called.namespace.as_str()), &called.name);
            let slices = reads.list(&endpoint_slices_of(&called.namespace, &called.name));
            Ok(service.zip(slices))
        });
        kind.ok().flatten()
    });
    kinds.collect()
}
