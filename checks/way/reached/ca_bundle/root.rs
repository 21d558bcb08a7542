//! Is istio-ca-root-cert the root of this very istiod?
//!
//! One istiod, the leader, writes that ConfigMap for all that run; each reads the authority's Secret
//! when it starts, and fills in the caBundle of its own webhooks. So where the Secret has changed and
//! not all have been restarted since, the ConfigMap is the root of some of them only.
//!
//! Source: Istio 1.31, `pilot/pkg/serviceregistry/kube/controller/namespacecontroller.go`,
//! `pilot/pkg/leaderelection/leaderelection.go`, `pkg/webhooks/webhookpatch.go`.

use crate::facts::kinds::Pod;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use super::patcher::has_istios_name;
use crate::facts::{Missing, Setter, who_set};
use crate::rules::certificates::Bundle;
use crate::way::Case;
use crate::way::injector::{injectors, istiod_container, label, revision};
use crate::way::names;
use crate::way::reached::destination::Destination;
use crate::way::reached::istiod::{Istiod, started};

/// The field manager under which istiod patches caBundle.
const PATCHER: &str = "pilot-discovery";

/// Whether this istiod itself has filled in the caBundle since it started.
pub fn is_own_work(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
    istiod: &Istiod,
    pods: &[&Pod],
) -> bool {
    let Some(setter) = setter(configuration, webhook) else {
        return false;
    };
    let is_since = |pod: &&Pod| matches!((started(pod), setter.at), (Some(started), Some(at)) if at >= started);
    setter.manager == PATCHER
        && label(configuration, names::ISTIO_REV) == Some(&istiod.revision)
        && pods.iter().all(is_since)
}

/// Whether the istiod behind a destination wrote its caBundle: it keeps those of its own revision at its own root.
pub fn is_from_istiod(case: &Case, destination: &Destination) -> bool {
    let Destination {
        configuration,
        entry,
        ..
    } = destination;
    let istiod = destination.route.istiod(case);
    let is_its_own =
        |istiod: &Istiod| label(configuration, names::ISTIO_REV) == Some(&istiod.revision);
    setter(configuration, entry).is_some_and(|setter| setter.manager == PATCHER)
        && istiod.is_some_and(is_its_own)
        && has_istios_name(entry)
}

/// Who set the caBundle of an entry.
fn setter(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
) -> Option<Setter> {
    let element = format!("k:{{\"name\":\"{}\"}}", webhook.name);
    let path = ["webhooks", &element, "clientConfig", "caBundle"];
    who_set(&configuration.metadata, &path)
}

/// The revisions of other istiods in the cluster, which may have written istio-ca-root-cert.
///
/// # Errors
/// [`Missing`] where the pods beside some injection webhook's Service were not read.
pub fn others(case: &Case, namespace: &str, own: &str) -> Result<Vec<String>, Missing> {
    let services = injectors(case.webhooks()?)
        .filter_map(|(_, webhook)| webhook.client_config.service.as_ref());
    let mut namespaces: Vec<_> = services.map(|service| service.namespace.as_str()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let mut others = Vec::new();
    for one in namespaces {
        for container in case.istiod_pods(one)?.iter().filter_map(istiod_container) {
            let revision = revision(container);
            if (one, revision) != (namespace, own) {
                others.push(format!("{revision} in {one}"));
            }
        }
    }
    others.sort_unstable();
    others.dedup();
    Ok(others)
}

/// Whether istiod signed these roots for itself: then they have an organisation and nothing else.
/// Source: Istio 1.31, `security/pkg/pki/ca/ca.go` (`NewSelfSignedIstioCAOptions`).
pub fn is_self_made(root: &Bundle) -> bool {
    let mut roots = root.certificates.iter();
    roots.all(|one| {
        one.is_self_signed() && one.subject.starts_with("O=") && !one.subject.contains(',')
    })
}

/// Whether a caBundle is older than any root that this istiod can have: the authority's Secret only
/// ever gets newer roots, as far as istiod signs them for itself, and when it started it held `root`
/// or a newer one.
pub fn is_outdated(bundle: &Bundle, root: &Bundle, pods: &[&Pod]) -> bool {
    let Some(oldest) = root.certificates.iter().map(|one| one.not_before).min() else {
        return false;
    };
    let mut anchors = bundle.certificates.iter();
    !pods.is_empty()
        && is_self_made(root)
        && anchors.all(|one| one.not_before < oldest)
        && pods
            .iter()
            .all(|pod| started(pod).is_some_and(|at| oldest < at))
}
