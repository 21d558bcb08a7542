//! The caBundle put right.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;
use serde_json::json;

use super::forbidden::forbidden;
use super::istios_name;
use super::label::{self, Label};
use crate::causes::reached::istiod;
use crate::fixes::{Entries, restart_istiod};
use crate::report::{Command, Fix, Risk};
use crate::rules::certificates::{Bundle, Trust, parse_pem_bundle, trusts};
use crate::way::Case;
use crate::way::Destination;
use crate::way::injector::is_injector;
use crate::way::reached::{is_patched, is_self_made, root_certificate};

const FIELD: &str = "clientConfig/caBundle";

/// What puts caBundle right: the label and the name that istiod looks for, the root itself, and a restart of
/// istiod where that fills it in.
pub fn fixes(case: &Case, destination: &Destination, label: &Label) -> Vec<Fix> {
    let Some(service) = destination.service() else {
        return Vec::new();
    };
    let root = root_certificate(case, &service.namespace).ok().flatten();
    let parsed = root
        .map(|root| parse_pem_bundle(root.as_bytes()))
        .unwrap_or_default();
    let serves = trusts(&parsed, &parsed, case.now()) == Trust::Verifies;
    if !serves && !parsed.certificates.is_empty() {
        return renew(case, &service.namespace, &parsed);
    }
    let label =
        matches!(label, Label::Missing | Label::Other(_)).then(|| label::set(case, destination));
    let patch = root.filter(|_| serves).map(|root| set(destination, root));
    let restart = fills_in(case, destination).then(|| {
        istiod::restart_fix(
            case,
            destination,
            "istiod fills in caBundle when it starts, and proxies connect to it again",
        )
    });
    let restart = restart.flatten();
    label
        .flatten()
        .into_iter()
        .chain(istios_name::rename(destination))
        .chain(patch)
        .chain(restart)
        .collect()
}

/// Whether the istiod that the webhook is meant for fills in its caBundle when it starts.
fn fills_in(case: &Case, destination: &Destination) -> bool {
    let deployment = istiod::deployment_of(case, destination).ok().flatten();
    let istiod = deployment.and_then(istiod::container);
    istiod.is_some_and(|istiod| is_patched(destination.configuration, destination.entry, istiod))
        && !matches!(forbidden(case, destination), Ok(Some(_)))
}

/// Patches a root into all injection entries of the configuration that call the same namespace.
fn set(destination: &Destination, root: &str) -> Fix {
    let configuration = destination.configuration;
    let namespace = destination.service().map(|service| &service.namespace);
    let calls_it = |webhook: &&MutatingWebhook| {
        let service = webhook.client_config.service.as_ref();
        is_injector(configuration, webhook) && service.map(|one| &one.namespace) == namespace
    };
    let bundle = json!(BASE64_STANDARD.encode(root));
    let entries = configuration.webhooks.iter().flatten().filter(calls_it);
    let change = entries.fold(Entries::of(configuration), |all, webhook| {
        all.set(webhook, [(FIELD, Some(bundle.clone()))])
    });
    Fix::new(
        format!("patch istiod's root into caBundle of {}", destination.name()),
        Risk::MeshWide,
        "the API server trusts istiod again, at once; if it does not last, somebody puts the old value back",
    )
    .change(change.change(), configuration)
}

/// The root of the mesh has to be renewed, or the clocks put right.
fn renew(case: &Case, namespace: &str, root: &Bundle) -> Vec<Fix> {
    if root
        .certificates
        .iter()
        .all(|one| case.now() < one.not_before)
    {
        return vec![Fix::new(
            "put the clocks right: of this machine, of the control plane's nodes, or of who made the certificate",
            Risk::MeshWide,
            "the root is valid as soon as all agree about the time",
        )];
    }
    let mut fixes = Vec::new();
    let deployments = istiod::deployments(case, namespace).unwrap_or_default();
    if is_self_made(root) && !deployments.is_empty() {
        let delete = Command::kubectl(["delete", "secret", "istio-ca-secret", "-n", namespace]);
        let fix = Fix::new(
            "let istiod make a new root",
            Risk::MeshWide,
            "istiod signs with a new root; every workload of the mesh has to be restarted to trust it",
        )
        .unforeseen(delete, "istiod makes the new root when it starts");
        let restarted = deployments.into_iter();
        fixes.push(restarted.fold(fix, restart_istiod));
    }
    fixes.push(Fix::new(
        format!("renew the certificates in secret cacerts of {namespace}, then restart istiod"),
        Risk::MeshWide,
        "where your own authority is plugged in, only it can issue a new certificate; with the same key, workloads go on",
    ));
    fixes
}
