//! What an operator wants to see of an injection webhook at a glance.

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use super::injector::{injectors, is_deactivated, label};
use super::names;
use super::reached::{Obstacle, ca_bundle, called_port, endpoints, root_certificate};
use super::selector::{Labels, requirements, unmet};
use crate::rules::certificates::Trust;
use crate::rules::credentials;
use crate::way::Case;

/// One entry of an injection webhook configuration, as a row of `injdoctor webhook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// Name of the MutatingWebhookConfiguration.
    pub configuration: String,
    /// Name of the entry.
    pub entry: String,
    /// The revision it injects with: its label `istio.io/rev`.
    pub revision: Option<String>,
    /// The revision tag it stands for: its label `istio.io/tag`.
    pub tag: Option<String>,
    /// Whether its selectors are those of a deactivated webhook, which match nothing.
    pub deactivated: bool,
    /// Whom it calls: `istiod.istio-system:443/inject`, or a URL.
    pub calls: String,
    /// Ready endpoints behind the Service; none for a URL, `Err` with the reason where unknown.
    pub ready: Option<Result<usize, String>>,
    /// caBundle against istio-ca-root-cert: `matches`, `differs: …`, `empty`, or why it is unknown.
    pub ca_bundle: String,
    /// The first notAfter among the certificates of caBundle.
    pub expires: Option<Timestamp>,
    /// `Fail` or `Ignore`.
    pub failure_policy: String,
    /// The namespaces whose labels its namespaceSelector selects, by name.
    pub namespaces: Result<Vec<String>, String>,
}

/// A row for each injection entry of the target's configuration.
pub fn webhook_rows(case: &Case) -> Vec<WebhookRow> {
    let Ok(webhooks) = case.webhooks() else {
        return Vec::new();
    };
    injectors(webhooks)
        .filter(|(configuration, _)| {
            configuration.metadata.name.as_ref() == Some(&case.target().name)
        })
        .map(|(configuration, webhook)| row(case, configuration, webhook))
        .collect()
}

fn row(
    case: &Case,
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
) -> WebhookRow {
    let bundle = case.bundle(ca_bundle(webhook));
    WebhookRow {
        configuration: configuration.metadata.name.clone().unwrap_or_default(),
        entry: webhook.name.clone(),
        revision: label(configuration, names::ISTIO_REV).map(str::to_owned),
        tag: label(configuration, names::ISTIO_TAG).map(str::to_owned),
        deactivated: is_deactivated(webhook),
        calls: calls_in_words(webhook),
        ready: ready(case, webhook),
        ca_bundle: ca_bundle_in_words(case, webhook),
        expires: bundle
            .certificates
            .iter()
            .map(|certificate| certificate.not_after)
            .min(),
        failure_policy: webhook
            .failure_policy
            .clone()
            .unwrap_or_else(|| "Fail".to_owned()),
        namespaces: selected_namespaces(case, webhook),
    }
}

fn calls_in_words(webhook: &MutatingWebhook) -> String {
    let client = &webhook.client_config;
    match &client.service {
        Some(service) => {
            let (name, namespace) = (&service.name, &service.namespace);
            format!(
                "{name}.{namespace}:{}{}",
                called_port(service),
                credentials::path(service.path.as_deref().unwrap_or("/"))
            )
        }
        None => credentials::url(client.url.as_deref().unwrap_or_default()),
    }
}

fn ready(case: &Case, webhook: &MutatingWebhook) -> Option<Result<usize, String>> {
    let service = webhook.client_config.service.as_ref()?;
    Some(match endpoints::<Obstacle>(case, service) {
        Ok(Ok(endpoints)) => Ok(endpoints.ready.len()),
        Ok(Err(unreachable)) => Err(unreachable.to_string()),
        Err(missing) => Err(missing.0),
    })
}

fn ca_bundle_in_words(case: &Case, webhook: &MutatingWebhook) -> String {
    let bytes = ca_bundle(webhook);
    if bytes.is_empty() {
        return "empty".to_owned();
    }
    if case.bundle(bytes).certificates.is_empty() {
        return "not PEM".to_owned();
    }
    let Some(service) = &webhook.client_config.service else {
        return "by URL: nothing to compare with".to_owned();
    };
    let root = match root_certificate(case, &service.namespace) {
        Ok(Some(root)) => root,
        Ok(None) => return "unknown: istio-ca-root-cert is absent".to_owned(),
        Err(missing) => return format!("unknown: {missing}"),
    };
    match case.trusts(bytes, root) {
        Trust::Verifies => "matches".to_owned(),
        Trust::Fails { why } => format!("differs: {why}"),
        Trust::Expired { why } => why,
        Trust::CannotTell { why } => format!("unknown: {why}"),
    }
}

fn selected_namespaces(case: &Case, webhook: &MutatingWebhook) -> Result<Vec<String>, String> {
    let selector = requirements(webhook.namespace_selector.as_ref())?;
    let mut selected = Vec::new();
    let none = Labels::new();
    for namespace in case.namespaces().map_err(|missing| missing.0)? {
        let labels = namespace.metadata.labels.as_ref().unwrap_or(&none);
        if unmet(&selector, labels).is_none() {
            selected.extend(namespace.metadata.name.clone());
        }
    }
    Ok(selected)
}
