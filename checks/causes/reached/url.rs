//! A webhook by URL, which does not answer.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, ServiceReference};
use serde_json::json;

use super::entry;
use super::explanation::{Explain, Explanation};
use super::obstacle_findings::judge;
use crate::causes::refused::standing_words;
use crate::causes::{Check, Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::Entries;
use crate::report::{Fix, Risk};
use crate::rules::credentials;
use crate::texts::{Tls, Transport};
use crate::way::injector::is_injector;
use crate::way::reached::{Failing, host_port_path, meant_service};
use crate::way::{Case, Destination};

declare_check! {
    /// The URL that the webhook calls does not answer: its host does not resolve, speaks no TLS, or is not who it should be.
    ///
    /// ## What it finds
    /// An injection webhook calls a URL, and a pod was refused as that call failed. Whether a URL answers
    /// cannot be seen from the cluster's API; only the API server's error tells.
    ///
    /// ## Why it matters
    /// A URL is resolved by the DNS of the API server's host, which does not know the cluster's Services. The
    /// server has to speak TLS, and its certificate has to name the host of the URL. Otherwise pods that the
    /// webhook selects are rejected.
    ///
    /// ## How to fix it
    /// Where the URL names a Service of the cluster, call that Service in its place. For an istiod outside of
    /// the cluster, correct `istiodRemote.injectionURL` and install again; give istiod the host by
    /// `ISTIOD_CUSTOM_HOST`, so that its certificate names it.
    ///
    /// ## References
    /// - Kubernetes, URL:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#url>
    /// - Istio, External control plane: <https://istio.io/latest/docs/setup/install/external-controlplane/>
    "INJ231", "webhook-url", Reached, about Webhooks,
    run
}

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[&CHECK];

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<Failing>(case, &CHECK)
}

impl Explain for Failing {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let client = &destination.entry.client_config;
        let url = client.url.as_deref().unwrap_or_default();
        let host = host_port_path(url).map_or("", |(host, ..)| host);
        let service = meant_service(destination.entry);
        let called = entry::evidence(
            destination.configuration,
            destination.entry,
            &["clientConfig", "url"],
        );
        let mut called = called.actual(credentials::url(url));
        let fix = match &service {
            Some(service) if case.service(&service.namespace, &service.name)?.is_some() => {
                called = called.expected(format!(
                    "absent, and clientConfig.service {} in {}",
                    service.name, service.namespace
                ));
                call_service(destination, service)
            }
            _ => Fix::new(
                "let the webhook call a URL whose host the API server's host resolves, and whose certificate names it",
                Risk::MeshWide,
                "calls of the webhook arrive at istiod",
            ),
        };
        Ok(
            Explanation::new(&CHECK, self.message(host, service.is_some()))
                .evidence([called])
                .evidence(standing_words(case, destination))
                .fixes([fix]),
        )
    }
}

impl Failing {
    fn message(&self, host: &str, is_service: bool) -> String {
        let Self {
            webhook,
            error,
            transport,
        } = self;
        let is_lookup =
            *transport == Some(Transport::NoSuchHost) || error.contains(&format!("lookup {host}"));
        match transport {
            _ if is_lookup && is_service => format!(
                "{webhook} calls {host}, which the API server's host does not resolve: it does not ask the cluster's \
                 DNS: {error}"
            ),
            _ if is_lookup => format!(
                "{webhook} calls {host}, which the API server's host does not resolve: {error}"
            ),
            Some(Transport::Tls(Tls::NotTls)) => {
                format!("{webhook} calls {host}, which speaks no TLS on that port: {error}")
            }
            Some(Transport::Tls(Tls::WrongName | Tls::NoNames | Tls::LegacyName)) => {
                format!("{webhook} calls {host}, whose certificate does not name it: {error}")
            }
            _ => self.to_string(),
        }
    }
}

/// Lets all injection entries of the configuration that call the URL call the Service that it names.
fn call_service(destination: &Destination, service: &ServiceReference) -> Fix {
    let configuration = destination.configuration;
    let url = &destination.entry.client_config.url;
    let calls_it = |webhook: &&MutatingWebhook| {
        is_injector(configuration, webhook) && webhook.client_config.url == *url
    };
    let entries = configuration.webhooks.iter().flatten().filter(calls_it);
    let change = entries.fold(Entries::of(configuration), |all, webhook| {
        let fields = [
            ("clientConfig/url", None),
            ("clientConfig/service", Some(json!(service))),
        ];
        all.set(webhook, fields)
    });
    Fix::new(
        format!(
            "let {} call Service {} in the place of the URL",
            destination.name(),
            service.name
        ),
        Risk::MeshWide,
        "the API server finds istiod without the cluster's DNS",
    )
    .change(change.change(), configuration)
}
