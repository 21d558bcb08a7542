//! The entries of a webhook configuration: as evidence, and changed by a JSON patch.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use serde_json::{Value, json};

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
    format!("mutatingwebhookconfiguration/{}", name(configuration))
}

fn name(configuration: &MutatingWebhookConfiguration) -> &str {
    configuration.metadata.name.as_deref().unwrap_or_default()
}

/// A JSON patch of some entries of a configuration. Their names are tested first, so that a list that
/// has changed since is left alone.
#[derive(Clone, Debug)]
pub struct Patch<'a> {
    configuration: &'a MutatingWebhookConfiguration,
    operations: Vec<Value>,
}

impl<'a> Patch<'a> {
    /// A patch that changes nothing yet.
    pub fn new(configuration: &'a MutatingWebhookConfiguration) -> Self {
        Self {
            configuration,
            operations: Vec::new(),
        }
    }

    /// Says that the entry at a position must still be this one.
    pub fn expect(mut self, position: usize, webhook: &MutatingWebhook) -> Self {
        let path = format!("/webhooks/{position}/name");
        self.operations
            .push(json!({ "op": "test", "path": path, "value": webhook.name }));
        self
    }

    /// Sets a field of the entry at a position, or takes it away.
    pub fn set(mut self, position: usize, field: &str, value: Option<Value>) -> Self {
        let path = format!("/webhooks/{position}/{field}");
        self.operations.push(match value {
            Some(value) => json!({ "op": "add", "path": path, "value": value }),
            None => json!({ "op": "remove", "path": path }),
        });
        self
    }

    /// Copies a field from one entry to another, which spares the reader long values.
    pub fn copy(mut self, from: usize, to: usize, field: &str) -> Self {
        let (from, path) = (
            format!("/webhooks/{from}/{field}"),
            format!("/webhooks/{to}/{field}"),
        );
        self.operations
            .push(json!({ "op": "copy", "from": from, "path": path }));
        self
    }

    /// The command that applies it.
    pub fn command(self) -> Command {
        let patch = Value::Array(self.operations).to_string();
        let configuration = name(self.configuration);
        Command::kubectl([
            "patch",
            "mutatingwebhookconfiguration",
            configuration,
            "--type",
            "json",
            "-p",
            &patch,
        ])
    }
}
