//! A webhook whose istiod is gone: what is left over is deleted, or led elsewhere.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, ServiceReference,
};

use crate::causes::fields::NAMESPACE_KEYS;
use crate::facts::{Kind, Missing};
use crate::fixes::{self, WRITES_THE_WEBHOOK};
use crate::report::{Change, Fix, Object, Patch, Risk};
use crate::way::discovery::is_of_another_mesh;
use crate::way::injector::{injectors, is_injector, label};
use crate::way::reached::{backends, endpoints};
use crate::way::selector::{Labels, requirements, unmet};
use crate::way::{Case, Destination, Obstacle, names, namespace_labels};

/// What leads nowhere is deleted, or, where it is a tag, led elsewhere.
pub fn replace(case: &Case, destination: &Destination, service: &ServiceReference) -> Vec<Fix> {
    let mut fixes = Vec::new();
    let live = live_revision(case, destination);
    if let (Some(tag), Some(revision)) = (label(destination.configuration, names::ISTIO_TAG), &live)
    {
        fixes.push(set_tag(case, tag, revision));
    }
    let lost = lost(case, service);
    if lost.is_empty() {
        return fixes;
    }
    let delete = Fix::new(
        format!("delete what is left over: {}", lost.join(", ")),
        Risk::MeshWide,
        "pods are created again, without a sidecar where no other webhook selects them; installing Istio brings it back",
    );
    let delete = lost.iter().fold(delete, |fix, name| {
        let object = Object::unscoped("MutatingWebhookConfiguration", name);
        fix.forth(Change::new(object, Patch::Delete))
    });
    fixes.push(delete.clone().without_sidecar());
    let is_default = label(destination.configuration, names::ISTIO_TAG).is_none()
        && label(destination.configuration, names::ISTIO_REV) == Some(names::DEFAULT_REVISION);
    if let (true, Some(revision)) = (is_default, live) {
        let tag = set_tag(case, names::DEFAULT_REVISION, &revision);
        fixes.push(Fix {
            title: format!("delete it, and let revision {revision} serve as the default"),
            steps: delete.steps.into_iter().chain(tag.steps).collect(),
            ..tag
        });
    }
    fixes
}

fn set_tag(case: &Case, tag: &str, revision: &str) -> Fix {
    Fix::new(
        format!("let tag {tag} lead to revision {revision}"),
        Risk::MeshWide,
        format!("new pods that ask for {tag} get the sidecar of revision {revision}"),
    )
    .unforeseen(
        fixes::set_tag(case, tag, revision, &["--overwrite"]),
        WRITES_THE_WEBHOOK,
    )
}

/// The configurations that hold nothing but injection entries which call a Service.
fn lost(case: &Case, service: &ServiceReference) -> Vec<String> {
    let calls_it = |webhook: &MutatingWebhook| {
        let called = webhook.client_config.service.as_ref();
        called.is_some_and(|one| one.name == service.name && one.namespace == service.namespace)
    };
    let is_lost = |configuration: &&MutatingWebhookConfiguration| {
        let entries = configuration.webhooks.as_deref().unwrap_or_default();
        let is_lost = |one: &MutatingWebhook| calls_it(one) && is_injector(configuration, one);
        !entries.is_empty() && entries.iter().all(is_lost)
    };
    let configurations = case.webhooks().unwrap_or_default().iter();
    configurations
        .filter(is_lost)
        .filter_map(|configuration| configuration.metadata.name.clone())
        .collect()
}

/// The revision of an istiod that some webhook leads to, the default first; none of a mesh that leaves a namespace out for
/// which the destination is there.
fn live_revision(case: &Case, destination: &Destination) -> Option<String> {
    let webhooks = case.webhooks().ok()?;
    let asking = asking(case, destination.configuration).ok()?;
    let is_foreign = |call: &(&_, &_)| {
        let mut asking = asking.iter();
        asking.any(|labels| is_of_another_mesh(case, *call, labels))
    };
    let mut live: Vec<String> = injectors(webhooks)
        .filter(|call| !is_foreign(call))
        .filter_map(|(_, webhook)| {
            let service = webhook.client_config.service.as_ref()?;
            let endpoints = endpoints::<Obstacle>(case, service).ok()?.ok()?;
            let behind = backends(case, service, &endpoints).ok()?;
            let (istiod, _) = behind.istiod::<Obstacle>(service).ok()?.ok()?;
            Some(istiod.revision)
        })
        .collect();
    live.sort_by_key(|revision| revision != names::DEFAULT_REVISION);
    live.into_iter().next()
}

/// The labels of the namespaces for which a configuration is there: the target's, or, where it is the target itself, those
/// that it selects by what they ask for.
///
/// # Errors
/// [`Missing`] where they were not read.
fn asking(
    case: &Case,
    configuration: &MutatingWebhookConfiguration,
) -> Result<Vec<Labels>, Missing> {
    if case.target().kind != Kind::MutatingWebhookConfiguration {
        return Ok(vec![namespace_labels(case)?]);
    }
    let selects = |webhook: &MutatingWebhook, labels: &Labels| {
        let selector = requirements(webhook.namespace_selector.as_ref());
        selector.is_ok_and(|selector| unmet(&selector, labels).is_none())
    };
    let asks = |labels: &Labels| {
        let mut entries = configuration.webhooks.iter().flatten();
        NAMESPACE_KEYS.iter().any(|key| labels.contains_key(*key))
            && entries.any(|webhook| selects(webhook, labels))
    };
    let labels = case
        .namespaces()?
        .iter()
        .filter_map(|one| one.metadata.labels.clone());
    Ok(labels.filter(asks).collect())
}
