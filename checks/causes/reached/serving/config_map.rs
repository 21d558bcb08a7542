//! The injector's ConfigMap was absent when istiod started.

use k8s_openapi::api::apps::v1::Deployment;

use crate::causes::reached::explanation::object;
use crate::causes::refused::standing_words;
use crate::fixes::restart_istiod;
use crate::report::{Evidence, Fix, Risk};
use crate::way::injector::label;
use crate::way::{Case, Destination};

/// When the ConfigMap was made, and what makes istiod read it.
pub fn shown(
    case: &Case,
    destination: &Destination,
    deployment: Option<&Deployment>,
    name: &str,
) -> (Vec<Evidence>, Vec<Fix>) {
    let namespace = destination
        .service()
        .map_or("", |service| &service.namespace);
    let config_map = case.injector_config_map(namespace, name).ok().flatten();
    let mut evidence = Evidence::new(
        object("configmap", name, namespace),
        ".metadata.creationTimestamp",
    );
    if let Some(config_map) = config_map {
        let made = config_map
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|at| at.0);
        evidence.actual = made.map(|at| at.to_string());
    }
    let mut evidence = vec![evidence.expected("before istiod started")];
    evidence.extend(standing_words(case, destination));
    let fix = match config_map {
        Some(_) => {
            let fix = Fix::new(
                "restart istiod, as the ConfigMap is there by now",
                Risk::MeshWide,
                "istiod reads the ConfigMap, serves the injector and keeps caBundle right",
            );
            match deployment {
                Some(deployment) => restart_istiod(fix, deployment),
                None => fix,
            }
        }
        None => Fix::new(
            format!(
                "apply the installation of Istio again{}, then restart istiod",
                installer(destination)
            ),
            Risk::MeshWide,
            format!(
                "the ConfigMap {name} comes back with your settings, and istiod serves the injector once it has restarted"
            ),
        ),
    };
    (evidence, vec![fix])
}

/// By what Istio was installed, as far as labels tell: Helm marks its releases, and so do manifests
/// that istioctl rendered from the same charts, under the name istio.
fn installer(destination: &Destination) -> String {
    match label(destination.configuration, "release") {
        Some("istio") => " by istioctl".to_owned(),
        Some(release) => format!(" by helm (release {release})"),
        None => String::new(),
    }
}
