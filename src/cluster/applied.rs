//! What the cluster will look like once manifests are applied.

use injdoctor_checks::facts::Fact;
use k8s_openapi::api::core::v1::Namespace;

/// A namespace once a manifest is applied: its labels and annotations over the live ones.
pub fn applied(manifest: &Namespace, name: &str, live: Fact<Namespace>) -> Fact<Namespace> {
    let mut namespace = match live {
        Fact::Got(namespace) => namespace,
        Fact::Absent => Namespace::default(),
        // What it has beside the manifest's labels stays unknown.
        unread => return unread,
    };
    let (from, to) = (&manifest.metadata, &mut namespace.metadata);
    to.name = Some(name.to_owned());
    let labels = to.labels.get_or_insert_default();
    labels.extend(from.labels.clone().unwrap_or_default());
    // The API server gives it to every namespace.
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
    let annotations = to.annotations.get_or_insert_default();
    annotations.extend(from.annotations.clone().unwrap_or_default());
    Fact::Got(namespace)
}
