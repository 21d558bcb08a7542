//! Whom a webhook belongs to, as its configuration tells.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::facts::who_set;

/// Labels that name a product or what manages it, the most telling first.
/// Source: Kubernetes, <https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/>.
const LABELS: [&str; 5] = [
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app",
];

/// Who owns an object: its controller, its Helm release, a label, or who wrote its webhooks.
pub fn owner(metadata: &ObjectMeta) -> Option<String> {
    let annotation = |key: &str| metadata.annotations.as_ref()?.get(key);
    let label = |key: &'static str| Some((key, metadata.labels.as_ref()?.get(key)?));
    let references = metadata.owner_references.iter().flatten();
    let by_reference = references
        .map(|one| format!("{} {}", one.kind, one.name))
        .next();
    by_reference
        .or_else(|| {
            let release = annotation("meta.helm.sh/release-name")?;
            let namespace = annotation("meta.helm.sh/release-namespace")?;
            Some(format!("Helm release {release} of namespace {namespace}"))
        })
        .or_else(|| {
            let (key, value) = LABELS.into_iter().find_map(label)?;
            Some(format!("{value} by its label {key}"))
        })
        .or_else(|| {
            let setter = who_set(metadata, &["webhooks"])?;
            Some(format!("{} which wrote it", setter.manager))
        })
}
