//! Does the URL answer that a webhook names in the place of a Service? It leads out of sight.

use std::borrow::Cow;
use std::fmt;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, ServiceReference};

use super::api_server_error;
use super::step::{Entry, Step};
use crate::facts::Missing;
use crate::rules::credentials::url;
use crate::texts::Transport;
use crate::way::Case;

/// A call by URL fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The webhook configuration.
    pub webhook: String,
    /// The API server's own words.
    pub error: String,
    /// What they say; none where that is not known.
    pub transport: Option<Transport>,
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calls of {} fail: {}", self.webhook, self.error)
    }
}

/// Who answers at the URL. Only an error that the API server got from it tells.
pub fn answers<T>(case: &Case, entry: Entry) -> Step<T, Failing> {
    match api_server_error::of(case, entry)? {
        // Whoever sends that answers.
        Some(error) if error.transport != Some(Transport::NotAReview) => Ok(Err(Failing {
            webhook: entry.name(),
            error: error.text,
            transport: error.transport,
        })),
        _ => Err(Missing(format!(
            "whether {} answers cannot be seen from the cluster's API",
            url(entry
                .webhook
                .client_config
                .url
                .as_deref()
                .unwrap_or_default())
        ))),
    }
}

/// Host and port of a URL of a webhook, and what follows them; none where it is no URL. The API server takes
/// none but of scheme https, and without a user.
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/webhook/validation.go` (`ValidateWebhookURL`).
pub fn host_port_path(url: &str) -> Option<(&str, i32, &str)> {
    let rest = url.strip_prefix("https://")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    match authority.rsplit_once(':') {
        // The colons of an address of IPv6 stand in brackets.
        Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok()?, path)),
        _ => Some((authority, 443, path)),
    }
}

/// The Service that an entry calls, or whose name in the cluster's DNS stands in its URL.
pub fn meant_service(webhook: &MutatingWebhook) -> Option<Cow<'_, ServiceReference>> {
    let client = &webhook.client_config;
    if let Some(service) = &client.service {
        return Some(Cow::Borrowed(service));
    }
    let (host, port, path) = host_port_path(client.url.as_deref()?)?;
    let mut labels = host.split('.');
    let (name, namespace) = (labels.next()?, labels.next()?);
    (labels.next() == Some("svc")).then(|| {
        Cow::Owned(ServiceReference {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            port: Some(port),
            path: (!path.is_empty()).then(|| path.to_owned()),
        })
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::admissionregistration::v1::WebhookClientConfig;

    use super::*;

    #[test]
    fn a_url_may_name_a_service() {
        let meant = |url: &str| {
            let webhook = MutatingWebhook {
                client_config: WebhookClientConfig {
                    url: Some(url.to_owned()),
                    ..WebhookClientConfig::default()
                },
                ..MutatingWebhook::default()
            };
            meant_service(&webhook).map(|service| {
                let path = service.path.clone().unwrap_or_default();
                format!(
                    "{}.{}:{}{path}",
                    service.name,
                    service.namespace,
                    service.port.unwrap()
                )
            })
        };
        for (url, expected) in [
            (
                "https://istiod.istio-system.svc/inject",
                Some("istiod.istio-system:443/inject"),
            ),
            (
                "https://istiod.mesh.svc.cluster.local:15017/inject/cluster/a",
                Some("istiod.mesh:15017/inject/cluster/a"),
            ),
            ("https://istiod.mesh.svc", Some("istiod.mesh:443")),
            ("https://istiod.mesh.svc:none/inject", None),
            ("https://istiod.example.com/inject", None),
            ("https://10.0.0.1:15017/inject", None),
            ("https://[fd00::1]/inject", None),
            ("http://istiod.istio-system.svc/inject", None),
        ] {
            assert_eq!(meant(url).as_deref(), expected, "{url}");
        }
        let address = host_port_path("https://[fd00::1]:15017/inject");
        assert_eq!(address, Some(("[fd00::1]", 15017, "/inject")));
    }
}
