//! Does the API server trust istiod's certificate?
//!
//! Sources: Kubernetes 1.36, `k8s.io/client-go/transport/transport.go` (`rootCertPool`); Istio 1.31,
//! `pilot/pkg/bootstrap/server.go` (`initIstiodCerts`, `getDNSNames`).

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, ServiceReference};
use k8s_openapi::api::core::v1::{Container, Pod};

use super::{Entry, Istiod, Obstacle, Step, api_server_error, host, root};
use crate::facts::Missing;
use crate::rules::certificates::{Trust, md5_hex, parse_pem_bundle};
use crate::way::Case;
use crate::way::injector::{environment, istiod_container, label};
use crate::way::names;

/// The bytes of caBundle; empty where it is absent.
pub fn ca_bundle(webhook: &MutatingWebhook) -> &[u8] {
    webhook
        .client_config
        .ca_bundle
        .as_ref()
        .map_or(&[], |bundle| bundle.0.as_slice())
}

/// Whether the API server can make a client of caBundle; an empty one stands for the system's roots.
pub fn readable(webhook: &MutatingWebhook) -> Result<(), Obstacle> {
    match parse_pem_bundle(ca_bundle(webhook)).problem {
        Some(_) => Err(Obstacle::CaBundleNotPem),
        None => Ok(()),
    }
}

/// Whether there is a caBundle at all: no public authority vouches for the name of a Service.
pub fn not_empty(webhook: &MutatingWebhook) -> Result<(), Obstacle> {
    if ca_bundle(webhook).is_empty() {
        Err(Obstacle::CaBundleEmpty)
    } else {
        Ok(())
    }
}

/// `root-cert.pem` of istio-ca-root-cert in a namespace.
///
/// # Errors
/// [`Missing`] where the ConfigMap was not read.
pub fn root_certificate<'a>(
    case: &Case<'a>,
    namespace: &str,
) -> Result<Option<&'a String>, Missing> {
    let config_map = case.root_certificate(namespace)?;
    Ok(config_map.and_then(|config_map| config_map.data.as_ref()?.get("root-cert.pem")))
}

/// Whether caBundle vouches for the root under which istiod's certificate is issued; `istiod` and its
/// pods where they are known.
pub fn trusted(
    case: &Case,
    Entry {
        configuration,
        webhook,
    }: Entry,
    service: &ServiceReference,
    istiod: Option<(&Istiod, &[&Pod])>,
) -> Step<()> {
    if let Err(unreachable) = not_empty(webhook).and_then(|()| readable(webhook)) {
        return Ok(Err(unreachable));
    }
    let Some(root) = root_certificate(case, &service.namespace)? else {
        return Err(Missing(format!(
            "istio-ca-root-cert is absent from {}, so istiod's root is not visible",
            service.namespace
        )));
    };
    let bytes = ca_bundle(webhook);
    let (unreachable, doubt) = match case.trusts(bytes, root) {
        Trust::Verifies => return Ok(Ok(())),
        Trust::Expired { why } => {
            let anchors = parse_pem_bundle(bytes).certificates;
            let unreachable = Obstacle::CertificateExpired(why);
            if anchors
                .iter()
                .all(|one| one.out_of_time(case.now()).is_some())
            {
                return Ok(Err(unreachable));
            }
            (unreachable, None)
        }
        Trust::Fails { why } => {
            let (ours, theirs) = (md5_hex(bytes), md5_hex(root.as_bytes()));
            let why = format!("caBundle (md5 {ours}) is not istiod's root (md5 {theirs}): {why}");
            (Obstacle::CaBundleMismatch(why), None)
        }
        Trust::CannotTell { why } => (Obstacle::CaBundleMismatch(why.clone()), Some(why)),
    };
    if istiod.is_some_and(|(istiod, pods)| root::is_own_work(configuration, webhook, istiod, pods))
    {
        return Ok(Ok(()));
    }
    let error = api_server_error::of(case, webhook);
    let is_proof = |error: &String| error.contains("x509: certificate signed by unknown authority");
    if matches!(&error, Ok(Some(error)) if is_proof(error)) {
        return Ok(Err(unreachable));
    }
    if let Some(doubt) = doubt {
        return Err(Missing(doubt));
    }
    let pods = istiod.map_or(&[][..], |(_, pods)| pods);
    let mut containers = pods.iter().filter_map(|pod| istiod_container(pod));
    if let Some(source) = containers.find_map(other_certificate) {
        return Err(Missing(format!(
            "istiod serves with the certificate of {source}, whose root is not visible"
        )));
    }
    let own = istiod.map(|(istiod, _)| istiod.revision.as_str());
    let own = own.or_else(|| label(configuration, names::ISTIO_REV));
    let others = root::others(case, &service.namespace, own.unwrap_or_default())?;
    let (bundle, root) = (parse_pem_bundle(bytes), parse_pem_bundle(root.as_bytes()));
    if others.is_empty() || root::is_outdated(&bundle, &root, pods) {
        return Ok(Err(unreachable));
    }
    error?;
    Err(Missing(format!(
        "caBundle does not vouch for istio-ca-root-cert, but that may be the root of another istiod ({}): whether it \
         vouches for this one is not visible",
        others.join(", ")
    )))
}

/// Where an istiod that does not sign its own certificate has it from.
fn other_certificate(container: &Container) -> Option<String> {
    let arguments = container.args.iter().flatten();
    let file = arguments
        .filter(|argument| argument.starts_with("--tlsCertFile"))
        .map(|argument| format!("argument {argument}"));
    let provider = environment(container, "PILOT_CERT_PROVIDER")
        .filter(|provider| !matches!(*provider, "" | "istiod"))
        .map(|provider| format!("PILOT_CERT_PROVIDER={provider}"));
    file.chain(provider).next()
}

/// Whether istiod's certificate bears the name by which the API server calls it.
pub fn named(
    case: &Case,
    webhook: &MutatingWebhook,
    service: &ServiceReference,
    istiod: &Istiod,
    pods: &[&Pod],
) -> Step<()> {
    let host = host(service);
    let containers = || pods.iter().filter_map(|pod| istiod_container(pod));
    if containers().all(|container| names_host(container, istiod, service)) {
        return Ok(Ok(()));
    }
    // The certificate itself is in sight of nobody: a Secret may hold another one.
    match api_server_error::of(case, webhook)? {
        Some(error) if error.contains("certificate is") && error.contains(&host) => {
            Ok(Err(Obstacle::CertificateName(error)))
        }
        _ => Err(Missing(format!(
            "{host} is none of the names that istiod of revision {} puts into its certificate; whether a Secret \
             holds another certificate is not visible",
            istiod.revision
        ))),
    }
}

/// Whether the certificate that an istiod signs for itself bears the name of a Service. It bears the
/// host of the mesh's discoveryAddress too, which is one of these as a rule.
fn names_host(container: &Container, istiod: &Istiod, service: &ServiceReference) -> bool {
    let own = names::with_revision("istiod", &istiod.revision);
    let known = ["istiod", "istiod-remote", "istio-pilot", &own];
    let custom = environment(container, "ISTIOD_CUSTOM_HOST").unwrap_or_default();
    known.contains(&service.name.as_str()) || custom.split(',').any(|name| name == host(service))
}

#[cfg(test)]
mod tests {
    use crate::way::injector::NativeSidecars;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_names_in_the_certificate_follow_the_revision() {
        let container = |host: &str| -> Container {
            let env = json!([{ "name": "ISTIOD_CUSTOM_HOST", "value": host }]);
            serde_json::from_value(json!({ "name": "discovery", "env": env })).unwrap()
        };
        for (revision, service, custom, expected) in [
            ("default", "istiod", "", true),
            ("default", "istiod-remote", "", true),
            ("default", "istiod-default", "", false),
            ("default", "istiod-canary", "", false),
            ("canary", "istiod-canary", "", true),
            ("canary", "istiod", "", true),
            ("canary", "istiod-revision-tag-prod", "", false),
            (
                "canary",
                "mine",
                "a.example.com,mine.istio-system.svc",
                true,
            ),
        ] {
            let istiod = Istiod {
                namespace: "istio-system".to_owned(),
                revision: revision.to_owned(),
                minor: None,
                native_sidecars: NativeSidecars::ByNodes,
            };
            let reference = ServiceReference {
                name: service.to_owned(),
                namespace: "istio-system".to_owned(),
                ..ServiceReference::default()
            };
            let found = names_host(&container(custom), &istiod, &reference);
            assert_eq!(found, expected, "{service} of {revision}");
        }
    }
}
