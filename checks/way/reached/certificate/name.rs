//! istiod's certificate bears other names.
//!
//! Source: Istio 1.31, `pilot/pkg/bootstrap/server.go` (`initIstiodCerts`, `getDNSNames`).

use std::fmt;

use crate::facts::kinds::Pod;
use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::Container;

use crate::facts::Missing;
use crate::texts::{Tls, Transport};
use crate::way::Case;
use crate::way::injector::{environment, istiod_container};
use crate::way::names;
use crate::way::reached::api_server_error::{self, CallError};
use crate::way::reached::istiod::Istiod;
use crate::way::reached::service::host;
use crate::way::reached::step::{Entry, Step};

/// istiod's certificate does not bear the name of the Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongName {
    /// The webhook configuration.
    pub webhook: String,
    /// The API server's own words.
    pub error: String,
}

impl fmt::Display for WrongName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calls of {} fail: {}", self.webhook, self.error)
    }
}

/// Whether istiod's certificate bears the name by which the API server calls it.
pub fn named(
    case: &Case,
    entry: Entry,
    service: &ServiceReference,
    istiod: &Istiod,
    pods: &[&Pod],
) -> Step<(), WrongName> {
    let host = host(service);
    let containers = || pods.iter().filter_map(|pod| istiod_container(pod));
    if containers().all(|container| names_host(container, istiod, service)) {
        return Ok(Ok(()));
    }
    // The certificate itself is in sight of nobody: a Secret may hold another one.
    match api_server_error::of(case, entry)? {
        Some(CallError {
            text,
            transport: Some(Transport::Tls(Tls::WrongName | Tls::NoNames)),
        }) if text.contains(&host) => Ok(Err(WrongName {
            webhook: entry.name(),
            error: text,
        })),
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
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::way::Version;

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
                version: Version::of("1.31.0"),
                native_sidecars: BTreeSet::new(),
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
