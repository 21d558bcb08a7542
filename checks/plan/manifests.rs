//! Manifests that are judged before they are applied.

use k8s_openapi::api::core::v1::Namespace;

use super::Plan;
use crate::facts::{Fact, Object as _, Objects, Read, Resource, Store, Subject};
use crate::way::spec_may_depend_on_nodes;

pub(super) fn plan(plan: &mut Plan, subjects: &[Subject]) {
    let manifests = subjects.iter().filter_map(|one| one.manifest.as_ref());
    let mut templates = manifests.map(|manifest| &manifest.object.template);
    if templates.any(|one| spec_may_depend_on_nodes(Some(&one.metadata), Some(&one.spec))) {
        plan.want(super::all(Resource::Node, None));
    }
}

/// What the cluster will look like once manifests are applied: the labels and annotations of their
/// namespaces come over those of the live ones.
pub fn apply(namespaces: &[Namespace], store: &mut Store) {
    for manifest in namespaces {
        let name = manifest.metadata.name.clone().unwrap_or_default();
        let read = Read::get(Resource::Namespace, None, &name);
        let live = match store.of(&read) {
            Fact::Got(objects) => Namespace::among(objects)
                .and_then(|all| all.first())
                .cloned(),
            Fact::Absent => Some(Namespace::default()),
            // What it has beside the manifest's labels stays unknown.
            _ => None,
        };
        if let Some(live) = live {
            store.insert(
                read,
                Fact::Got(Objects::Namespace(vec![applied(manifest, name, live)])),
            );
        }
    }
}

fn applied(manifest: &Namespace, name: String, mut live: Namespace) -> Namespace {
    let (from, to) = (&manifest.metadata, &mut live.metadata);
    let labels = to.labels.get_or_insert_default();
    labels.extend(from.labels.clone().unwrap_or_default());
    // The API server gives it to every namespace.
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.clone());
    let annotations = to.annotations.get_or_insert_default();
    annotations.extend(from.annotations.clone().unwrap_or_default());
    to.name = Some(name);
    live
}
