//! What Istio's charts ship, and the patch that brings it back.
//!
//! Source: Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
//! and `revision-tags-mwc.yaml`.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use serde_json::Value;

use crate::fixes::Entries;
use crate::report::{Fix, Risk};
use crate::way::injector::label;
use crate::way::names;

/// The namespaceSelector and the objectSelector that the charts give an entry of this name in a
/// configuration of this revision or tag; none for entries that the charts do not know.
pub fn stock_selectors(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
) -> Option<(LabelSelector, LabelSelector)> {
    let revision = label(configuration, names::ISTIO_TAG)
        .or_else(|| label(configuration, names::ISTIO_REV))?;
    let prefix = webhook.name.strip_suffix(names::INJECTOR_SUFFIX)?;
    let not_off = expression(names::INJECT, "NotIn", &["false"]);
    let no_injection = expression(names::ISTIO_INJECTION, "DoesNotExist", &[]);
    let no_revision = expression(names::ISTIO_REV, "DoesNotExist", &[]);
    let of_revision = expression(names::ISTIO_REV, "In", &[revision]);
    let (namespace, object) = match prefix {
        "rev.namespace." => (vec![of_revision, no_injection], vec![not_off]),
        "rev.object." => (vec![no_revision, no_injection], vec![not_off, of_revision]),
        "namespace." => (
            vec![expression(names::ISTIO_INJECTION, "In", &["enabled"])],
            vec![not_off],
        ),
        "object." => {
            let on = expression(names::INJECT, "In", &["true"]);
            (
                vec![no_injection, no_revision.clone()],
                vec![on, no_revision],
            )
        }
        _ => return None,
    };
    Some((selector(namespace), selector(object)))
}

fn selector(expressions: Vec<LabelSelectorRequirement>) -> LabelSelector {
    LabelSelector {
        match_expressions: Some(expressions),
        match_labels: None,
    }
}

fn expression(key: &str, operator: &str, values: &[&str]) -> LabelSelectorRequirement {
    LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values: (!values.is_empty())
            .then(|| values.iter().map(|value| (*value).to_owned()).collect()),
    }
}

/// A field of a webhook entry, as a path of evidence.
pub fn entry_path(webhook: &MutatingWebhook, field: &str) -> String {
    format!(".webhooks[?(@.name==\"{}\")].{field}", webhook.name)
}

/// A fix that sets fields of a webhook entry.
pub fn patch(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
    title: &str,
    fields: &[(&str, Value)],
) -> Fix {
    let fields = fields
        .iter()
        .map(|(field, value)| (*field, Some(value.clone())));
    Fix::new(
        title,
        Risk::MeshWide,
        "new pods get the sidecar wherever this webhook is asked for",
    )
    .change(
        Entries::of(configuration).set(webhook, fields).change(),
        configuration,
    )
}
