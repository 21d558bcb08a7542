//! Why the Service is not there, and what to do about it.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, ServiceReference,
};
use k8s_openapi::api::apps::v1::Deployment;

use crate::causes::reached::endpoints::selector_for;
use crate::causes::reached::explain::{Explanation, object};
use crate::causes::reached::{istiod, patch};
use crate::report::{Command, Evidence, Fix, Risk};
use crate::way::Case;
use crate::way::injector::{injectors, label};
use crate::way::reached::{backends, called_port, endpoints};
use crate::way::{Destination, names};

/// The explanation of a Service that does not exist.
pub fn explain(case: &Case, destination: &Destination) -> Explanation {
    let Some(service) = destination.service() else {
        return Explanation::default();
    };
    let (name, namespace) = (&service.name, &service.namespace);
    let deployment = istiod::deployment_of(case, destination).ok().flatten();
    let because = match deployment {
        Some(deployment) => {
            format!("though deployment/{} is there", istiod::name(deployment))
        }
        None if is_gone(case, namespace) => "and neither does the namespace".to_owned(),
        None => "and no Deployment of istiod is there for it".to_owned(),
    };
    let asked = patch::evidence(
        destination.configuration,
        destination.entry,
        &["clientConfig", "service"],
    );
    let mut evidence = vec![
        asked.actual(format!("{name} in {namespace}")),
        Evidence::new(object("service", name, namespace), ".metadata.name").expected(name),
    ];
    if let Some(deployment) = deployment {
        let other = object("deployment", istiod::name(deployment), namespace);
        evidence.push(Evidence::new(other, ".metadata.name").actual(istiod::name(deployment)));
    }
    let fixes = match deployment {
        Some(deployment) => vec![create(case, service, deployment)],
        None => replace(case, destination, service),
    };
    Explanation {
        because: format!("the webhook's Service {name} in {namespace} does not exist, {because}"),
        evidence,
        fixes,
    }
}

/// Whether a namespace is known not to exist.
fn is_gone(case: &Case, namespace: &str) -> bool {
    case.namespaces()
        .any(|(name, fact)| name == namespace && matches!(fact, Ok(None)))
}

/// Makes the Service of a Deployment again.
fn create(case: &Case, service: &ServiceReference, deployment: &Deployment) -> Fix {
    let (name, namespace) = (service.name.as_str(), service.namespace.as_str());
    let ports = [
        "--tcp=15010:15010".to_owned(),
        "--tcp=15012:15012".to_owned(),
        format!("--tcp={}:{}", called_port(service), names::INJECTOR_PORT),
        "--tcp=15014:15014".to_owned(),
    ];
    let create = ["create", "service", "clusterip", name, "-n", namespace].map(str::to_owned);
    let fix = Fix::new(
        format!("make Service {name} again"),
        Risk::MeshWide,
        format!(
            "webhooks and proxies reach {} again; before the next helm upgrade delete the Service, as Helm does not \
             take over what it did not make",
            istiod::name(deployment)
        ),
    )
    .run(Command::kubectl(create.into_iter().chain(ports)));
    let fix = match selector_for(case, namespace, deployment) {
        Some(selector) => fix.run(Command::kubectl([
            "set",
            "selector",
            &format!("service/{name}"),
            &selector,
            "-n",
            namespace,
        ])),
        None => fix,
    };
    fix.undo(Command::kubectl([
        "delete", "service", name, "-n", namespace,
    ]))
}

/// What leads nowhere is deleted, or, where it is a tag, led elsewhere.
pub fn replace(case: &Case, destination: &Destination, service: &ServiceReference) -> Vec<Fix> {
    let mut fixes = Vec::new();
    let live = live_revision(case);
    if let (Some(tag), Some(revision)) = (label(destination.configuration, names::ISTIO_TAG), &live)
    {
        fixes.push(set_tag(tag, revision));
    }
    let lost = lost(case, service);
    if lost.is_empty() {
        return fixes;
    }
    let words = ["delete", "mutatingwebhookconfiguration"].map(str::to_owned);
    let delete = Fix::new(
        format!("delete what is left over: {}", lost.join(", ")),
        Risk::MeshWide,
        "pods are created again, without a sidecar where no other webhook selects them; installing Istio brings it back",
    )
    .run(Command::kubectl(words.into_iter().chain(lost)));
    fixes.push(delete.clone());
    let is_default = label(destination.configuration, names::ISTIO_TAG).is_none()
        && label(destination.configuration, names::ISTIO_REV) == Some(names::DEFAULT_REVISION);
    if let (true, Some(revision)) = (is_default, live) {
        let tag = set_tag(names::DEFAULT_REVISION, &revision);
        fixes.push(Fix {
            title: format!("delete it, and let revision {revision} serve as the default"),
            steps: delete.steps.into_iter().chain(tag.steps).collect(),
            ..tag
        });
    }
    fixes
}

fn set_tag(tag: &str, revision: &str) -> Fix {
    Fix::new(
        format!("let tag {tag} lead to revision {revision}"),
        Risk::MeshWide,
        format!("new pods that ask for {tag} get the sidecar of revision {revision}"),
    )
    .run(Command::istioctl([
        "tag",
        "set",
        tag,
        "--revision",
        revision,
        "--overwrite",
    ]))
}

/// The configurations all of whose entries call a Service.
fn lost(case: &Case, service: &ServiceReference) -> Vec<String> {
    let calls_it = |webhook: &MutatingWebhook| {
        let called = webhook.client_config.service.as_ref();
        called.is_some_and(|one| one.name == service.name && one.namespace == service.namespace)
    };
    let is_lost = |configuration: &&MutatingWebhookConfiguration| {
        let entries = configuration.webhooks.as_deref().unwrap_or_default();
        !entries.is_empty() && entries.iter().all(calls_it)
    };
    let configurations = case.webhooks().unwrap_or_default().iter();
    configurations
        .filter(is_lost)
        .filter_map(|configuration| configuration.metadata.name.clone())
        .collect()
}

/// The revision of an istiod that some webhook leads to, the default first.
fn live_revision(case: &Case) -> Option<String> {
    let webhooks = case.webhooks().ok()?;
    let mut live: Vec<String> = injectors(webhooks)
        .filter_map(|(_, webhook)| {
            let service = webhook.client_config.service.as_ref()?;
            let endpoints = endpoints(case, service).ok()?.ok()?;
            let behind = backends(case, service, &endpoints).ok()?;
            let (istiod, _) = behind.istiod(service).ok()?.ok()?;
            Some(istiod.revision)
        })
        .collect();
    live.sort_by_key(|revision| revision != names::DEFAULT_REVISION);
    live.into_iter().next()
}
