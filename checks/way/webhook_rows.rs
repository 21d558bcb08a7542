//! What an operator wants to see of an injection webhook at a glance.

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::injector::{TIMEOUT, injectors, is_deactivated, label};
use super::names;
use super::reached::{Obstacle, ca_bundle, called_port, endpoints, root_certificate};
use super::selector::{Labels, requirements, unmet};
use crate::facts::kinds::ValidatingWebhookConfiguration;
use crate::facts::policies::ValidatingWebhook;
use crate::facts::{Missing, Object as _, Read, Resource, Snapshot, who_set};
use crate::rules::certificates::{Trust, parse_pem_bundle};
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
    /// The seconds that a call may take.
    pub timeout: i32,
    /// Who set fields of the entry last, as far as managedFields tell: field and manager.
    pub set_by: Vec<(&'static str, String)>,
    /// The namespaces whose labels its namespaceSelector selects, by name.
    pub namespaces: Result<Vec<String>, String>,
}

/// The fields of an entry of which it is told who set them, with their place in managedFields.
const SET: [(&str, &[&str]); 5] = [
    ("caBundle", &["clientConfig", "caBundle"]),
    ("service", &["clientConfig", "service", "name"]),
    ("url", &["clientConfig", "url"]),
    ("failurePolicy", &["failurePolicy"]),
    ("namespaceSelector", &["namespaceSelector"]),
];

impl WebhookRow {
    /// What is not as Istio installs it: fields with their values.
    /// Source: Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`.
    pub fn differences(&self) -> Vec<(&'static str, String)> {
        differences(&self.failure_policy, self.timeout)
    }
}

fn differences(failure_policy: &str, timeout: i32) -> Vec<(&'static str, String)> {
    let policy = (failure_policy != "Fail").then(|| ("failurePolicy", failure_policy.to_owned()));
    let timeout = (timeout != TIMEOUT).then(|| ("timeoutSeconds", timeout.to_string()));
    policy.into_iter().chain(timeout).collect()
}

fn set_by(metadata: &ObjectMeta, entry: &str) -> Vec<(&'static str, String)> {
    let element = format!("k:{{\"name\":\"{entry}\"}}");
    let setter = |(field, path): (&'static str, &'static [&'static str])| {
        let path = [&["webhooks", element.as_str()][..], path].concat();
        Some((field, who_set(metadata, &path)?.manager))
    };
    SET.into_iter().filter_map(setter).collect()
}

/// One entry of a webhook that validates Istio's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorRow {
    /// Name of the ValidatingWebhookConfiguration.
    pub configuration: String,
    /// Name of the entry.
    pub entry: String,
    /// Its label `istio.io/rev`.
    pub revision: Option<String>,
    /// Whom it calls.
    pub calls: String,
    /// Whether caBundle is empty: no call can succeed.
    pub lacks_ca_bundle: bool,
    /// The first notAfter among the certificates of caBundle.
    pub expires: Option<Timestamp>,
    /// `Fail` or `Ignore`.
    pub failure_policy: String,
    /// The seconds that a call may take.
    pub timeout: i32,
    /// Who set fields of the entry last, as far as managedFields tell: field and manager.
    pub set_by: Vec<(&'static str, String)>,
}

impl ValidatorRow {
    /// What is not as it is where istiod has taken it over: fields with their values.
    /// Source: Istio 1.31, `pkg/webhooks/validation/controller/controller.go`.
    pub fn differences(&self) -> Vec<(&'static str, String)> {
        differences(&self.failure_policy, self.timeout)
    }
}

/// A row for each entry that validates Istio's configuration.
///
/// # Errors
/// Why the webhooks are not known.
pub fn validator_rows(snapshot: &Snapshot) -> Result<Vec<ValidatorRow>, Missing> {
    let read = Read::list(Resource::ValidatingWebhookConfiguration, None);
    let all = snapshot.reads.of(&read);
    let all = all.known("the validating webhooks")?;
    let all = all.and_then(ValidatingWebhookConfiguration::among);
    let entries = validators(all.unwrap_or_default());
    let rows =
        entries.map(|(configuration, webhook)| validator_row(&configuration.metadata, webhook));
    Ok(rows.collect())
}

/// The entries that validate Istio's configuration, with their configurations.
///
/// Source: Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/validatingwebhookconfiguration.yaml`
/// and `manifests/charts/base/templates/defaultrevision-validatingwebhookconfiguration.yaml`: the names of the entries.
pub fn validators(
    configurations: &[ValidatingWebhookConfiguration],
) -> impl Iterator<Item = (&ValidatingWebhookConfiguration, &ValidatingWebhook)> {
    let entries = configurations.iter().flat_map(|configuration| {
        let webhooks = configuration.webhooks.iter().flatten();
        webhooks.map(move |webhook| (configuration, webhook))
    });
    entries.filter(|(_, webhook)| webhook.name.ends_with("validation.istio.io"))
}

fn validator_row(metadata: &ObjectMeta, webhook: &ValidatingWebhook) -> ValidatorRow {
    let labels = metadata.labels.as_ref();
    let bytes = webhook.client_config.ca_bundle.as_ref();
    let bytes = bytes.map(|bytes| bytes.0.as_slice()).unwrap_or_default();
    let bundle = parse_pem_bundle(bytes);
    ValidatorRow {
        configuration: metadata.name.clone().unwrap_or_default(),
        entry: webhook.name.clone(),
        revision: labels.and_then(|all| all.get(names::ISTIO_REV).cloned()),
        calls: calls_in_words(&webhook.client_config),
        lacks_ca_bundle: bytes.is_empty(),
        expires: bundle.certificates.iter().map(|one| one.not_after).min(),
        failure_policy: webhook
            .failure_policy
            .clone()
            .unwrap_or_else(|| "Fail".to_owned()),
        timeout: webhook.timeout_seconds.unwrap_or(TIMEOUT),
        set_by: set_by(metadata, &webhook.name),
    }
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
        calls: calls_in_words(&webhook.client_config),
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
        timeout: webhook.timeout_seconds.unwrap_or(TIMEOUT),
        set_by: set_by(&configuration.metadata, &webhook.name),
        namespaces: selected_namespaces(case, webhook),
    }
}

fn calls_in_words(client: &WebhookClientConfig) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_istio_installs_differs_in_nothing() {
        for (policy, timeout, expected) in [
            ("Fail", 10, &[][..]),
            ("Ignore", 10, &[("failurePolicy", "Ignore")]),
            ("Fail", 30, &[("timeoutSeconds", "30")]),
            (
                "Ignore",
                1,
                &[("failurePolicy", "Ignore"), ("timeoutSeconds", "1")],
            ),
        ] {
            let found = differences(policy, timeout);
            let found: Vec<_> = found
                .iter()
                .map(|(field, value)| (*field, value.as_str()))
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn who_set_a_field_of_an_entry_is_told() {
        let metadata: ObjectMeta = serde_json::from_value(serde_json::json!({
            "managedFields": [
                {"manager": "helm", "time": "2026-11-01T00:00:00Z", "fieldsV1": {"f:webhooks": {
                    "k:{\"name\":\"a\"}": {"f:failurePolicy": {}, "f:clientConfig": {"f:caBundle": {}}},
                }}},
                {"manager": "pilot-discovery", "time": "2026-11-02T00:00:00Z", "fieldsV1": {"f:webhooks": {
                    "k:{\"name\":\"a\"}": {"f:clientConfig": {"f:caBundle": {}}},
                }}},
            ],
        }))
        .unwrap();
        let expected = [
            ("caBundle", "pilot-discovery".to_owned()),
            ("failurePolicy", "helm".to_owned()),
        ];
        assert_eq!(set_by(&metadata, "a"), expected);
        assert_eq!(set_by(&metadata, "b"), []);
    }
}
