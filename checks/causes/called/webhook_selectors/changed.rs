//! An entry whose selectors are not those of the installation, and exclude the pod.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::json;

use super::stock::{entry_path, patch, stock_selectors};
use crate::causes::called::uncalled;
use crate::facts::Missing;
use crate::report::{Evidence, Fix};
use crate::way::Case;
use crate::way::injector;
use crate::way::selector::{Labels, Requirement, in_words, requirements, unmet};

/// Such an entry.
pub struct Changed<'a> {
    /// Its configuration.
    pub configuration: &'a MutatingWebhookConfiguration,
    /// The entry.
    pub webhook: &'a MutatingWebhook,
    /// The selectors that exclude the pod; at least one.
    pub selectors: Vec<Selector>,
}

/// A selector of the entry that excludes the pod.
pub struct Selector {
    /// The field: `namespaceSelector` or `objectSelector`.
    pub field: &'static str,
    /// What it requires.
    actual: Vec<Requirement>,
    /// The one that the installation ships.
    stock: LabelSelector,
    labels: Labels,
}

/// The first entry that would be called for the pod with the selectors that the installation ships.
///
/// # Errors
/// [`Missing`] where it is not known whom the webhooks are called for.
pub fn changed<'a>(case: &Case<'a>) -> Result<Option<Changed<'a>>, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(None);
    };
    let mut entries = injector::injectors(case.webhooks()?);
    Ok(entries.find_map(|(configuration, webhook)| {
        let (namespace, object) = stock_selectors(configuration, webhook)?;
        let fields = [
            (
                "namespaceSelector",
                &webhook.namespace_selector,
                namespace,
                what_if.namespace.clone(),
            ),
            (
                "objectSelector",
                &webhook.object_selector,
                object,
                what_if.pod.labels.clone(),
            ),
        ];
        let would_select = |selector, labels| {
            requirements(Some(selector)).is_ok_and(|all| unmet(&all, labels).is_none())
        };
        let is_meant = fields
            .iter()
            .all(|(_, _, stock, labels)| would_select(stock, labels));
        if injector::is_deactivated(webhook) || !is_meant {
            return None;
        }
        let selectors = fields
            .into_iter()
            .filter_map(|(field, actual, stock, labels)| {
                let actual = requirements(actual.as_ref()).ok()?;
                unmet(&actual, &labels)?;
                Some(Selector {
                    field,
                    actual,
                    stock,
                    labels,
                })
            });
        let selectors: Vec<_> = selectors.collect();
        (!selectors.is_empty()).then_some(Changed {
            configuration,
            webhook,
            selectors,
        })
    }))
}

impl Selector {
    /// What it requires and the pod, or its namespace, does not meet.
    pub fn unmet(&self) -> impl Iterator<Item = &Requirement> {
        self.actual
            .iter()
            .filter(|one| !one.is_met_by(&self.labels))
    }
}

impl Changed<'_> {
    /// The name of the configuration.
    pub fn name(&self) -> &str {
        let name = self.configuration.metadata.name.as_deref();
        name.unwrap_or_default()
    }

    /// The selectors as evidence.
    pub fn evidence(&self) -> impl Iterator<Item = Evidence> {
        let element = format!("k:{{\"name\":\"{}\"}}", self.webhook.name);
        self.selectors.iter().map(move |one| {
            let object = format!("mutatingwebhookconfiguration/{}", self.name());
            let stock = requirements(Some(&one.stock)).unwrap_or_default();
            Evidence::new(object, entry_path(self.webhook, one.field))
                .actual(in_words(&one.actual))
                .expected(in_words(&stock))
                .set_in(
                    &self.configuration.metadata,
                    &["webhooks", &element, one.field],
                )
        })
    }

    /// A fix that puts back the selectors that the installation ships.
    pub fn put_back(&self, title: &str) -> Fix {
        let fields = self.selectors.iter();
        let fields: Vec<_> = fields.map(|one| (one.field, json!(one.stock))).collect();
        patch(self.configuration, self.webhook, title, &fields)
    }
}
