//! What is wrong with the caBundle explained.

use super::label::{self, Label};
use super::repair;
use crate::causes::reached::explain::{Explanation, object};
use crate::causes::reached::patch;
use crate::report::Evidence;
use crate::rules::certificates::{md5_hex, parse_pem_bundle};
use crate::way::Case;
use crate::way::reached::{ca_bundle, host, root_certificate};
use crate::way::{Destination, Obstacle};

/// An obstacle in the caBundle explained.
pub fn explain(case: &Case, destination: &Destination, obstacle: &Obstacle) -> Explanation {
    let name = destination.name();
    let host = destination.service().map(host).unwrap_or_default();
    let because = match obstacle {
        Obstacle::CaBundleEmpty => {
            format!("caBundle of {name} is empty, and no public authority vouches for {host}")
        }
        Obstacle::CaBundleNotPem => {
            format!(
                "caBundle of {name} holds no PEM certificate, so the API server cannot call at all"
            )
        }
        Obstacle::CertificateExpired(why) => {
            format!("caBundle of {name} holds istiod's root, but {why}")
        }
        other => format!("{name} does not trust istiod: {other}"),
    };
    let mut evidence = bundles(case, destination);
    if let (Obstacle::CertificateExpired(_), Some(bundle)) = (obstacle, evidence.first_mut()) {
        bundle.expected = Some("a certificate in its time".to_owned());
    }
    let label = label::of(destination);
    if let Label::Missing | Label::Other(_) = label {
        evidence.push(label::evidence(destination));
    }
    Explanation {
        because,
        evidence,
        fixes: repair::fixes(case, destination, &label),
    }
}

/// caBundle and istiod's root, each with its md5 and its certificates.
pub fn bundles(case: &Case, destination: &Destination) -> Vec<Evidence> {
    let field = ["clientConfig", "caBundle"];
    let bytes = ca_bundle(destination.entry);
    let mut bundle = patch::evidence(destination.configuration, destination.entry, &field)
        .actual(in_words(bytes));
    let mut evidence = Vec::new();
    if let Some(service) = destination.service() {
        let namespace = &service.namespace;
        let object = object("configmap", "istio-ca-root-cert", namespace);
        if let Ok(Some(root)) = root_certificate(case, namespace) {
            if root.as_bytes() != bytes {
                bundle = bundle.expected(format!("md5 {}", md5_hex(root.as_bytes())));
            }
            let mut field =
                Evidence::new(object, ".data['root-cert.pem']").actual(in_words(root.as_bytes()));
            if let Ok(Some(config_map)) = case.root_certificate(namespace) {
                field = field.set_in(&config_map.metadata, &["data", "root-cert.pem"]);
            }
            evidence.push(field);
        }
    }
    evidence.insert(0, bundle);
    evidence
}

fn in_words(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "empty".to_owned();
    }
    let md5 = md5_hex(bytes);
    let certificates = parse_pem_bundle(bytes).certificates;
    if certificates.is_empty() {
        let bytes = match bytes.len() {
            1 => "1 byte".to_owned(),
            many => format!("{many} bytes"),
        };
        return format!("{bytes} with md5 {md5}, and no certificate among them");
    }
    let each = certificates.iter().map(|one| {
        format!(
            "{}, serial {}, valid until {}",
            one.subject, one.serial, one.not_after
        )
    });
    format!("md5 {md5}: {}", each.collect::<Vec<_>>().join("; "))
}
