//! caBundle and istiod's root as evidence.

use crate::causes::reached::entry;
use crate::causes::reached::explanation::object;
use crate::report::Evidence;
use crate::rules::certificates::{md5_hex, parse_pem_bundle};
use crate::way::reached::{ca_bundle, root_certificate};
use crate::way::{Case, Destination};

/// caBundle and istiod's root, each with its md5 and its certificates.
pub fn bundles(case: &Case, destination: &Destination) -> Vec<Evidence> {
    let field = ["clientConfig", "caBundle"];
    let bytes = ca_bundle(destination.entry);
    let mut bundle = entry::evidence(destination.configuration, destination.entry, &field)
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

/// caBundle alone, with its md5 and its certificates: of somebody out of sight there is no root to compare.
pub fn bundle(destination: &Destination) -> Evidence {
    let field = ["clientConfig", "caBundle"];
    let evidence = entry::evidence(destination.configuration, destination.entry, &field);
    evidence.actual(in_words(ca_bundle(destination.entry)))
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
