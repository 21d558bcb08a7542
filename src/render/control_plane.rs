//! The istiods that a snapshot shows.

use injdoctor_checks::facts::{Object as _, Resource, Snapshot};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;

/// One istiod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControlPlane {
    /// The namespace of its Deployment.
    pub namespace: String,
    /// The name of its Deployment.
    pub name: String,
    /// Its revision.
    pub revision: String,
    /// Its version by the tag of its image.
    pub version: Option<String>,
}

/// The istiods of a snapshot, by namespace and name.
pub fn all(snapshot: &Snapshot) -> Vec<ControlPlane> {
    let reads = snapshot.reads.reads_of(Resource::Deployment);
    let lists = reads.filter_map(|(_, fact)| Deployment::among(fact.got()?));
    let mut found: Vec<_> = lists.flatten().filter_map(control_plane).collect();
    found.sort();
    found.dedup();
    found
}

fn control_plane(deployment: &Deployment) -> Option<ControlPlane> {
    let template = deployment.spec.as_ref()?.template.spec.as_ref()?;
    let container = template
        .containers
        .iter()
        .find(|container| container.name == "discovery")?;
    let labels = deployment.metadata.labels.as_ref();
    let label = labels
        .and_then(|labels| labels.get("istio.io/rev"))
        .cloned();
    Some(ControlPlane {
        namespace: deployment.metadata.namespace.clone().unwrap_or_default(),
        name: deployment.metadata.name.clone().unwrap_or_default(),
        revision: label.unwrap_or_else(|| "default".to_owned()),
        version: version(container),
    })
}

fn version(container: &Container) -> Option<String> {
    let image = container.image.as_deref()?;
    let (image, _) = image.split_once('@').unwrap_or((image, ""));
    let (_, tag) = image.rsplit_once(':')?;
    // A colon before the last slash belongs to the registry's port.
    if tag.contains('/') {
        return None;
    }
    let variants = ["-distroless", "-debug"];
    let plain = variants
        .iter()
        .find_map(|variant| tag.strip_suffix(variant));
    Some(plain.unwrap_or(tag).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_tag_of_the_image() {
        for (image, expected) in [
            ("docker.io/istio/pilot:1.31.0", Some("1.31.0")),
            ("docker.io/istio/pilot:1.31.0-distroless", Some("1.31.0")),
            ("registry:5000/pilot", None),
            ("registry:5000/pilot:1.30.1@sha256:0123", Some("1.30.1")),
            ("pilot", None),
        ] {
            let container = Container {
                image: Some(image.to_owned()),
                ..Container::default()
            };
            assert_eq!(version(&container).as_deref(), expected, "{image}");
        }
    }
}
