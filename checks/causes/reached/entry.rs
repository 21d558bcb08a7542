//! The entries of a webhook configuration as evidence.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use crate::report::{Command, Evidence};

/// A field of a webhook entry as evidence, with who set it; `field` as `["clientConfig", "caBundle"]`.
pub fn evidence(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
    field: &[&str],
) -> Evidence {
    let element = format!("k:{{\"name\":\"{}\"}}", webhook.name);
    let steps: Vec<_> = ["webhooks", &element]
        .iter()
        .chain(field)
        .copied()
        .collect();
    let path = format!(
        ".webhooks[?(@.name==\"{}\")].{}",
        webhook.name,
        field.join(".")
    );
    Evidence::new(object(configuration), path).set_in(&configuration.metadata, &steps)
}

/// A webhook configuration in kubectl's words.
pub fn object(configuration: &MutatingWebhookConfiguration) -> String {
    let name = configuration.metadata.name.as_deref().unwrap_or_default();
    format!("mutatingwebhookconfiguration/{name}")
}

/// The command that shows a webhook configuration, with who set what.
pub fn show_managers(configuration: &MutatingWebhookConfiguration) -> Command {
    let name = configuration.metadata.name.as_deref().unwrap_or_default();
    let what = ["get", "mutatingwebhookconfiguration", name];
    Command::kubectl(
        what.into_iter()
            .chain(["-o", "yaml", "--show-managed-fields"]),
    )
}
