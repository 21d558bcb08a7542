//! Which entries of webhooks does an istiod keep the caBundle of?
//!
//! Source: Istio 1.31, `pkg/webhooks/webhookpatch.go`: of the configurations whose label `istio.io/rev` is its
//! own revision exactly, the entries whose names end in `sidecar-injector.istio.io`.
//! `pilot/pkg/bootstrap/sidecarinjector.go`: none at all where INJECTION_WEBHOOK_CONFIG_NAME is empty.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::api::core::v1::Container;

use crate::way::injector::{label, revision};
use crate::way::names;

/// Whether an istiod fills in the caBundle of an entry.
pub fn is_patched(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
    istiod: &Container,
) -> bool {
    label(configuration, names::ISTIO_REV) == Some(revision(istiod))
        && has_istios_name(webhook)
        && patches(istiod)
}

/// Whether the name of an entry is one of those that istiod looks for.
pub fn has_istios_name(webhook: &MutatingWebhook) -> bool {
    webhook.name.ends_with(names::INJECTOR_SUFFIX)
}

/// Whether an istiod fills in any caBundle. Where the variable's value is not written in the pod, it does as
/// it does by default.
fn patches(istiod: &Container) -> bool {
    let mut variables = istiod.env.iter().flatten();
    let variable = variables.find(|one| one.name == "INJECTION_WEBHOOK_CONFIG_NAME");
    variable.is_none_or(|one| {
        one.value_from.is_some() || one.value.as_ref().is_some_and(|value| !value.is_empty())
    })
}
