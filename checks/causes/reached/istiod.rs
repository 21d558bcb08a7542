//! The Deployments of istiod beside a webhook's Service.

use crate::facts::kinds::Pod;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Service};

use super::explanation;
use crate::facts::Missing;
use crate::fixes::{deployment_object, restart_istiod};
use crate::report::{Evidence, Fix, Risk};
use crate::way::Case;
use crate::way::injector::{environment, istiod_container, istiod_container_of, label, revision};
use crate::way::selector::Labels;
use crate::way::{Destination, names};

/// The Deployments of istiod in a namespace.
///
/// # Errors
/// [`Missing`] where they were not read.
pub fn deployments<'a>(case: &Case<'a>, namespace: &str) -> Result<Vec<&'a Deployment>, Missing> {
    let all = case.istiod_deployments(namespace)?.iter();
    Ok(all.filter(|one| container(one).is_some()).collect())
}

/// The container of a Deployment's template in which istiod runs.
pub fn container(deployment: &Deployment) -> Option<&Container> {
    let template = &deployment.spec.as_ref()?.template;
    istiod_container_of(template.spec.as_ref()?)
}

/// An environment variable of istiod's container in a Deployment as evidence, with who set it.
pub fn variable(deployment: &Deployment, variable: &str) -> Evidence {
    let container = container(deployment);
    let in_container = container.map_or("discovery", |container| container.name.as_str());
    let (element, key) = (
        format!("k:{{\"name\":\"{in_container}\"}}"),
        format!("k:{{\"name\":\"{variable}\"}}"),
    );
    let path = format!(
        ".spec.template.spec.containers[?(@.name==\"{in_container}\")].env[?(@.name==\"{variable}\")].value"
    );
    let steps = [
        "spec",
        "template",
        "spec",
        "containers",
        &element,
        "env",
        &key,
        "value",
    ];
    let object = deployment_object(deployment);
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let of = explanation::object("deployment", name(deployment), namespace);
    let mut evidence = Evidence::new(of, path).set_in(&deployment.metadata, &steps);
    let value = container.and_then(|container| environment(container, variable));
    evidence.actual = value.map(str::to_owned);
    evidence
}

/// The labels that a Deployment gives to its pods.
pub fn template_labels(deployment: &Deployment) -> Labels {
    let metadata = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.template.metadata.as_ref());
    metadata
        .and_then(|metadata| metadata.labels.clone())
        .unwrap_or_default()
}

/// The selector of a Service; empty where its endpoints are somebody else's work.
pub fn selector(service: &Service) -> Labels {
    let spec = service.spec.as_ref();
    spec.and_then(|spec| spec.selector.clone())
        .unwrap_or_default()
}

/// Whether a Service with this selector selects pods with these labels.
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    let is_met = |(key, value)| labels.get(key) == Some(value);
    !selector.is_empty() && selector.iter().all(is_met)
}

/// The Deployment of the istiod that a destination is meant for: what its Service selects, or else
/// bears its name, or else runs with the revision of the webhook's label.
///
/// # Errors
/// [`Missing`] where the Deployments were not read.
pub fn deployment_of<'a>(
    case: &Case<'a>,
    destination: &Destination,
) -> Result<Option<&'a Deployment>, Missing> {
    let Some(reference) = destination.service() else {
        return Ok(None);
    };
    let all = deployments(case, &reference.namespace)?;
    let service = case.service(&reference.namespace, &reference.name)?;
    let selector = service.map(selector).unwrap_or_default();
    let wanted = label(destination.configuration, names::ISTIO_REV);
    let has_revision = |one: &&&Deployment| {
        let revision = container(one).map(revision);
        revision.is_some() && revision == wanted
    };
    let selected = || {
        all.iter()
            .filter(|one| selects(&selector, &template_labels(one)))
    };
    let found = selected()
        .find(has_revision)
        .or_else(|| selected().next())
        .or_else(|| {
            all.iter()
                .find(|one| one.metadata.name.as_ref() == Some(&reference.name))
        })
        .or_else(|| all.iter().find(has_revision));
    Ok(found.copied())
}

/// The pods of the istiod that a destination is meant for, by their revision.
pub fn pods_of<'a>(
    pods: &'a [Pod],
    destination: &Destination,
    meant: Option<&Deployment>,
) -> Vec<&'a Pod> {
    let by_deployment = meant.and_then(container).map(revision);
    let by_label = label(destination.configuration, names::ISTIO_REV);
    let wanted = by_deployment.or(by_label);
    let runs_it = |pod: &&Pod| {
        let own = istiod_container(pod).map(revision);
        own.is_some() && own == wanted
    };
    pods.iter().filter(runs_it).collect()
}

/// The name of a Deployment.
pub fn name(deployment: &Deployment) -> &str {
    deployment.metadata.name.as_deref().unwrap_or_default()
}

/// The name of a pod.
pub fn pod_name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

/// A fix that restarts istiod; none where istiod is no Deployment.
pub fn restart_fix(case: &Case, destination: &Destination, changes: &str) -> Option<Fix> {
    let deployment = deployment_of(case, destination).ok()??;
    let title = format!("restart deployment/{}", name(deployment));
    let fix = Fix::new(title, Risk::MeshWide, changes);
    Some(restart_istiod(fix, deployment))
}
