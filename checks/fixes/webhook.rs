//! The entries of a webhook configuration.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use serde_json::Value;

use crate::report::{Change, Object, Operation, Patch};

/// A change of some entries of a configuration. Their names are tested first, so that a list that has
/// changed since is left alone.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    configuration: &'a MutatingWebhookConfiguration,
    operations: Vec<Operation>,
}

impl<'a> Entries<'a> {
    /// A change of nothing yet.
    pub fn of(configuration: &'a MutatingWebhookConfiguration) -> Self {
        Self {
            configuration,
            operations: Vec::new(),
        }
    }

    /// Sets fields of an entry, or takes them away; a field as `clientConfig/caBundle`.
    pub fn set<'f>(
        mut self,
        webhook: &MutatingWebhook,
        fields: impl IntoIterator<Item = (&'f str, Option<Value>)>,
    ) -> Self {
        let mut entries = self.configuration.webhooks.iter().flatten();
        let Some(position) = entries.position(|one| one.name == webhook.name) else {
            return self;
        };
        let place = |field: &str| format!("/webhooks/{position}/{field}");
        let name = Value::String(webhook.name.clone());
        self.operations.push(Operation::Test(place("name"), name));
        let operations = fields.into_iter().map(|(field, value)| match value {
            Some(value) => Operation::Add(place(field), value),
            None => Operation::Remove(place(field)),
        });
        self.operations.extend(operations);
        self
    }

    /// The change.
    pub fn change(self) -> Change {
        let name = self.configuration.metadata.name.as_deref();
        let object = Object::unscoped("MutatingWebhookConfiguration", name.unwrap_or_default());
        Change::new(object, Patch::Operations(self.operations))
    }
}
