//! What is the same for all subjects: the webhooks, whom they call, and the API server itself.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::admissionregistration::v1::{RuleWithOperations, ServiceReference};
use k8s_openapi::api::discovery::v1::Endpoint;

use super::{Namespaces, Plan};
use crate::facts::kinds::{
    ConfigMap, Deployment, EndpointSlice, Event, MutatingWebhookConfiguration, Pod, Service,
    ValidatingWebhookConfiguration,
};
use crate::facts::ownership::events_read;
use crate::facts::{Index, Object, Read, Resource};
use crate::rules::certificates::parse_pem_bundle;
use crate::way::assumptions::{LIMITS, POLICIES};
use crate::way::injector::{fails_closed, is_injector};
use crate::way::reached::{ca_bundle, meant_service};
use crate::way::{
    api_servers, endpoint_slices_of, entries, injectors, is_refusal, istiod_container,
    istiod_container_of, label, names, revision, tunnel_reads, validators,
};

/// Three waves: the webhooks; whom they call, and what stands beside that, with the events of istiod where pods are
/// refused; and the configuration of
/// istiods that have a revision which no webhook names, with the Deployments of others' webhooks that do
/// not answer.
pub(super) fn plan(plan: &mut Plan, namespaces: &Namespaces) {
    plan.want(super::all(Resource::MutatingWebhookConfiguration, None));
    plan.want(api_servers());
    // A sweep has the lists of all.
    if !matches!(namespaces, Namespaces::All) {
        tunnel_reads().into_iter().for_each(|read| plan.want(read));
    }
    others(plan, namespaces);
    match namespaces {
        Namespaces::All | Namespaces::Webhooks => plan.want(super::all(Resource::Namespace, None)),
        Namespaces::Named(all) => {
            for name in all {
                plan.want(Read::get(Resource::Namespace, None, name));
            }
        }
    }
    let webhooks = plan.index.list_all::<MutatingWebhookConfiguration>(None);
    let webhooks = webhooks.got().copied().unwrap_or_default();
    for (namespace, name) in called_services(webhooks) {
        plan.want(Read::get(Resource::Service, Some(&namespace), &name));
        plan.want(endpoint_slices_of(&namespace, &name));
        plan.want(Read::get(Resource::Namespace, None, &namespace));
    }
    let read = super::all(Resource::ValidatingWebhookConfiguration, None);
    let configurations = plan.index.list::<ValidatingWebhookConfiguration>(&read);
    for (_, webhook) in validators(configurations.got().copied().unwrap_or_default()) {
        if let Some(service) = &webhook.client_config.service {
            plan.want(Read::get(
                Resource::Service,
                Some(&service.namespace),
                &service.name,
            ));
            plan.want(config_map(&service.namespace, names::ROOT_CERTIFICATE));
        }
    }
    for (namespace, revisions) in revisions_by_namespace(webhooks) {
        istiod(plan, &namespace, revisions);
        if matches!(namespaces, Namespaces::Named(_)) && is_any_refused(plan.index) {
            plan.want(events_read(Some(&namespace)));
        }
    }
    if is_any_distrusted(plan.index, webhooks) {
        plan.want(super::all(Resource::ClusterRole, None));
        plan.want(super::all(Resource::ClusterRoleBinding, None));
    }
    for namespace in unanswered(plan.index, webhooks) {
        plan.want(super::all(Resource::Deployment, Some(&namespace)));
    }
}

/// The namespaces of Services that other vendors' webhooks call, that refuse pods where nobody answers, and
/// behind which no endpoint is ready: what should stand there tells why.
fn unanswered(index: &Index, webhooks: &[MutatingWebhookConfiguration]) -> BTreeSet<String> {
    let others = entries(webhooks)
        .filter(|(configuration, webhook)| !is_injector(configuration, webhook))
        .filter(|(_, webhook)| fails_closed(webhook))
        .filter(|(_, webhook)| webhook.rules.iter().flatten().any(matches_new_pods));
    let services = others.filter_map(|(_, webhook)| webhook.client_config.service.as_ref());
    let is_empty = |service: &&ServiceReference| {
        let read = endpoint_slices_of(&service.namespace, &service.name);
        let slices = index.list::<EndpointSlice>(&read);
        let service = index.get::<Service>(Some(&service.namespace), &service.name);
        service.got().is_some() && slices.got().is_some_and(|all| !all.iter().any(has_ready))
    };
    services
        .filter(is_empty)
        .map(|service| service.namespace.clone())
        .collect()
}

fn has_ready(slice: &EndpointSlice) -> bool {
    let is_ready = |endpoint: &Endpoint| {
        let conditions = endpoint.conditions.as_ref();
        conditions.and_then(|conditions| conditions.ready) != Some(false)
    };
    slice.endpoints.iter().any(is_ready)
}

/// Whether the caBundle of an injection webhook is not istiod's root: perhaps because istiod may not write it, of which its
/// ClusterRoles tell.
fn is_any_distrusted(index: &Index, webhooks: &[MutatingWebhookConfiguration]) -> bool {
    let mut services = injectors(webhooks)
        .filter_map(|(_, webhook)| Some((webhook, webhook.client_config.service.as_ref()?)));
    services.any(|(webhook, service)| {
        let bundle = ca_bundle(webhook);
        let root = index.get::<ConfigMap>(Some(&service.namespace), names::ROOT_CERTIFICATE);
        match root
            .got()
            .and_then(|root| root.data.as_ref()?.get("root-cert.pem"))
        {
            Some(root) => root.as_bytes() != bundle && !holds(bundle, root),
            None => parse_pem_bundle(bundle).certificates.is_empty(),
        }
    })
}

/// Whether a bundle of several roots holds a certificate of another.
fn holds(bundle: &[u8], root: &str) -> bool {
    let root = parse_pem_bundle(root.as_bytes()).certificates;
    let mut all = parse_pem_bundle(bundle).certificates.into_iter();
    all.any(|one| root.contains(&one))
}

/// Whether some pod is refused: perhaps because istiod does not answer, of which the kubelet's events tell.
fn is_any_refused(index: &Index) -> bool {
    let mut reads = index.store().reads_of(Resource::Event);
    reads.any(|(_, fact)| {
        let events = fact.got().and_then(Event::among).unwrap_or_default();
        events.iter().any(is_refusal)
    })
}

/// Who else has a say about pods, in the first wave. Where webhooks are asked about, no pod is judged, but refused pods
/// tell whether calls fail, and the webhooks that validate Istio's configuration are shown.
fn others(plan: &mut Plan, namespaces: &Namespaces) {
    let namespaces = match namespaces {
        Namespaces::Webhooks => {
            plan.want(super::all(Resource::ValidatingWebhookConfiguration, None));
            return plan.want(events_read(None));
        }
        Namespaces::All => vec![None],
        Namespaces::Named(all) => all.iter().map(|name| Some(name.as_str())).collect(),
    };
    for resource in POLICIES {
        plan.want(super::all(resource, None));
    }
    for namespace in namespaces {
        for resource in LIMITS {
            plan.want(super::all(resource, namespace).metadata());
        }
    }
}

/// What stands beside an injection webhook's Service.
fn istiod(plan: &mut Plan, namespace: &str, mut revisions: BTreeSet<String>) {
    plan.want(super::all(Resource::Pod, Some(namespace)));
    plan.want(super::all(Resource::Deployment, Some(namespace)));
    plan.want(super::all(Resource::NetworkPolicy, Some(namespace)));
    plan.want(config_map(namespace, names::ROOT_CERTIFICATE));
    let pods = plan.index.list_all::<Pod>(Some(namespace));
    let running = pods.got().copied().unwrap_or_default().iter();
    let deployments = plan.index.list_all::<Deployment>(Some(namespace));
    let deployments = deployments.got().copied().unwrap_or_default().iter();
    let meant = deployments.filter_map(|one| {
        let template = &one.spec.as_ref()?.template;
        istiod_container_of(template.spec.as_ref()?)
    });
    let istiods = running.filter_map(istiod_container).chain(meant);
    revisions.extend(istiods.map(|container| revision(container).to_owned()));
    for revision in revisions {
        for base in [names::INJECTOR_CONFIG, names::MESH_CONFIG] {
            plan.want(config_map(
                namespace,
                &names::with_revision(base, &revision),
            ));
        }
    }
}

fn config_map(namespace: &str, name: &str) -> Read {
    Read::get(Resource::ConfigMap, Some(namespace), name)
}

/// Namespace and name of every Service that is called when a pod is created, or to inject one.
fn called_services(webhooks: &[MutatingWebhookConfiguration]) -> BTreeSet<(String, String)> {
    let on_pods = entries(webhooks)
        .filter(|(_, webhook)| webhook.rules.iter().flatten().any(matches_new_pods));
    let called = on_pods.filter_map(|(_, webhook)| webhook.client_config.service.as_ref());
    let called = called.map(|service| (service.namespace.clone(), service.name.clone()));
    let meant = injectors(webhooks).filter_map(|(_, webhook)| meant_service(webhook));
    let meant = meant.map(|service| (service.namespace.clone(), service.name.clone()));
    called.chain(meant).collect()
}

/// Whether a rule can match the creation of a pod, whatever its scope and version.
fn matches_new_pods(rule: &RuleWithOperations) -> bool {
    let has = |list: &Option<Vec<String>>, wanted: &[&str]| {
        let mut items = list.iter().flatten();
        items.any(|item| wanted.contains(&item.as_str()))
    };
    has(&rule.operations, &["CREATE", "*"])
        && has(&rule.api_groups, &["", "*"])
        && has(&rule.resources, &["pods", "pods/*", "*", "*/*"])
}

/// The namespaces of the injection webhooks' Services, with the revisions that the webhooks name.
fn revisions_by_namespace(
    webhooks: &[MutatingWebhookConfiguration],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (configuration, webhook) in injectors(webhooks) {
        if let Some(service) = meant_service(webhook) {
            let revisions = found.entry(service.namespace.clone()).or_default();
            revisions.extend(label(configuration, names::ISTIO_REV).map(str::to_owned));
        }
    }
    found
}
