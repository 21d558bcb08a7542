//! A selector that leads a Service to one istiod and to nothing else.

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;

use super::istiod::{container, name, selects, template_labels};
use crate::report::{Change, Fix, Object, Patch, Risk};
use crate::way::Case;
use crate::way::injector::revision;
use crate::way::names;
use crate::way::selector::Labels;

/// A selector for the Service of a Deployment: what the charts ship, or else the Deployment's own; none where both select what they should not.
pub fn selector_for(case: &Case, namespace: &str, deployment: &Deployment) -> Option<Labels> {
    let own = template_labels(deployment);
    let others = case.istiod_deployments(namespace).ok()?.iter();
    let others: Vec<_> = others
        .filter(|other| name(other) != name(deployment))
        .map(template_labels)
        .collect();
    let fits = |selector: &Labels| {
        selects(selector, &own) && !others.iter().any(|other| selects(selector, other))
    };
    let spec = deployment.spec.as_ref()?;
    let matched = spec.selector.match_labels.clone().unwrap_or_default();
    let shipped = shipped(revision(container(deployment)?));
    [shipped, matched].into_iter().find(fits)
}

/// Source: Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/service.yaml`.
fn shipped(revision: &str) -> Labels {
    let second = match revision {
        names::DEFAULT_REVISION => ("istio", "pilot"),
        revision => (names::ISTIO_REV, revision),
    };
    [("app", "istiod"), second]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// A selector as kubectl writes it.
pub fn in_words(selector: &Labels) -> String {
    let pairs = selector.iter().map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join(",")
}

/// Gives a Service another selector.
pub fn set(reference: &ServiceReference, service: &Service, wanted: &Labels) -> Fix {
    let (name, namespace) = (&reference.name, &reference.namespace);
    let object = Object::new("Service", namespace, name);
    Fix::new(
        format!("let Service {name} select istiod"),
        Risk::MeshWide,
        "calls of the webhook and of the proxies arrive at istiod",
    )
    .change(
        Change::new(object, Patch::Selector(wanted.clone())),
        service,
    )
}
