//! Whether a snapshot shows the ambient data plane, and who serves it.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::facts::kinds::{DaemonSet, Deployment, Pod};
use crate::facts::{Objects, Resource, Snapshot};
use crate::way::{is_redirected, istiod_container_of, names, serves_ambient, ztunnel};

/// The marks of the ambient data plane, in words. None where less than two of them are seen: an istiod may be set up for
/// it before there is a ztunnel, and a ztunnel may be left over.
pub fn ambient_marks(snapshot: &Snapshot) -> Vec<String> {
    let istiods = snapshot.reads.every().filter_map(|one: &Deployment| {
        let template = one.spec.as_ref()?.template.spec.as_ref()?;
        serves_ambient(istiod_container_of(template)?).then_some(&one.metadata)
    });
    let istiods = istiods.map(|one| format!("deployment/{}", one.name.as_deref().unwrap_or("?")));
    let daemon_sets = daemon_sets(snapshot).map(|(metadata, _)| metadata);
    let pods = snapshot.reads.every().filter_map(|one: &Pod| {
        ztunnel(one.spec.as_ref()?)?;
        Some(&one.metadata)
    });
    let places = daemon_sets.chain(pods);
    let places = places.filter_map(|one| one.namespace.clone());
    let redirected = is_any_redirected(snapshot).then(|| format!("{} of pods", names::REDIRECTION));
    let marks = [
        joined(istiods).map(|names| format!("PILOT_ENABLE_AMBIENT of {names}")),
        joined(places).map(|namespaces| format!("ztunnel in {namespaces}")),
        redirected,
    ];
    let marks: Vec<_> = marks.into_iter().flatten().collect();
    match marks.len() {
        0 | 1 => Vec::new(),
        _ => marks,
    }
}

/// The DaemonSets of ztunnels, and the pods that they make.
pub(super) fn daemon_sets(snapshot: &Snapshot) -> impl Iterator<Item = (&ObjectMeta, &PodSpec)> {
    snapshot.reads.every().filter_map(|one: &DaemonSet| {
        let template = one.spec.as_ref()?.template.spec.as_ref()?;
        ztunnel(template)?;
        Some((&one.metadata, template))
    })
}

/// Several names in a row, each once; none of none.
fn joined(all: impl Iterator<Item = String>) -> Option<String> {
    let all: BTreeSet<_> = all.collect();
    let all: Vec<_> = all.into_iter().collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn is_any_redirected(snapshot: &Snapshot) -> bool {
    let mut reads = snapshot.reads.reads_of(Resource::Pod);
    reads.any(|(_, fact)| {
        let pods = fact.got().map(Objects::metadata).unwrap_or_default();
        pods.into_iter().any(is_redirected)
    })
}
