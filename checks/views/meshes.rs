//! Several meshes in one cluster: which istiods and which webhooks belong to which.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{ConfigMap, Service};
use serde_json::Value;

use super::control_plane::ControlPlane;
use crate::facts::kinds::{Deployment, MutatingWebhookConfiguration};
use crate::facts::{Read, Resource, Snapshot};
use crate::way::{injectors, istiod_container_of, mesh_of_config, names, revision, with_revision};

/// What tells meshes apart, as the ConfigMaps of their istiods say it.
///
/// Source: Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/configmap.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeshName {
    /// The namespace whose configuration is the whole mesh's.
    pub root_namespace: String,
    /// Its ID, where it has one.
    pub id: Option<String>,
}

/// What belongs to a mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Its istiods: `deployment/istiod in istio-system`.
    pub istiods: BTreeSet<String>,
    /// The MutatingWebhookConfigurations that call one of them.
    pub webhooks: BTreeSet<String>,
}

/// The meshes of a snapshot; none where it shows less than two.
pub fn meshes(snapshot: &Snapshot) -> BTreeMap<MeshName, Members> {
    let mut all: BTreeMap<MeshName, Members> = BTreeMap::new();
    for istiod in snapshot.reads.every::<Deployment>() {
        let Some(name) = name_of(snapshot, istiod) else {
            continue;
        };
        let members = all.entry(name).or_default();
        let own = ControlPlane::reference(&istiod.metadata);
        members.istiods.insert(own);
        members.webhooks.extend(callers(snapshot, istiod));
    }
    if all.len() < 2 {
        all.clear();
    }
    all
}

/// The mesh of an istiod; none where its ConfigMap was not read, or names no root namespace.
fn name_of(snapshot: &Snapshot, istiod: &Deployment) -> Option<MeshName> {
    let container = istiod_container_of(istiod.spec.as_ref()?.template.spec.as_ref()?)?;
    let config = with_revision(names::MESH_CONFIG, revision(container));
    let namespace = istiod.metadata.namespace.as_deref();
    let config: &ConfigMap = snapshot.reads.get(namespace, &config)?;
    let config = mesh_of_config(config)?;
    let text = |from: &Value, names: [&str; 2]| {
        let value = names.into_iter().find_map(|name| from.get(name)?.as_str());
        value.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let defaults = config.get("defaultConfig");
    let defaults = defaults.or_else(|| config.get("default_config"));
    Some(MeshName {
        root_namespace: text(&config, ["rootNamespace", "root_namespace"])?,
        id: defaults.and_then(|defaults| text(defaults, ["meshId", "mesh_id"])),
    })
}

/// The configurations of injection webhooks that call a Service which selects the pods of an istiod.
fn callers(snapshot: &Snapshot, istiod: &Deployment) -> BTreeSet<String> {
    let read = Read::list(Resource::MutatingWebhookConfiguration, None);
    let all = snapshot.reads.list::<MutatingWebhookConfiguration>(&read);
    let calls = injectors(all.unwrap_or_default()).filter(|(_, webhook)| {
        let service = webhook.client_config.service.as_ref();
        service.is_some_and(|called| {
            let namespace = called.namespace.as_str();
            let service = snapshot.reads.get(Some(namespace), &called.name);
            istiod.metadata.namespace.as_deref() == Some(namespace)
                && service.is_some_and(|one| selects(one, istiod))
        })
    });
    calls
        .filter_map(|(configuration, _)| configuration.metadata.name.clone())
        .collect()
}

fn selects(service: &Service, istiod: &Deployment) -> bool {
    let selector = service
        .spec
        .as_ref()
        .and_then(|spec| spec.selector.as_ref());
    let template = istiod
        .spec
        .as_ref()
        .and_then(|spec| spec.template.metadata.as_ref());
    let (Some(selector), Some(template)) = (selector, template) else {
        return false;
    };
    let labels = template.labels.as_ref();
    let has = |(key, value): (&String, &String)| labels.and_then(|all| all.get(key)) == Some(value);
    !selector.is_empty() && selector.iter().all(has)
}
