//! Would an injection webhook be called if labels were different? The fixes that checks print rest
//! on this, not on what the stock installation's selectors look like.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use super::called::{Creation, called};
use super::injector::{entries, is_deactivated, is_injector};
use super::predict::namespace_labels;
use super::selector::{Labels, Operator};
use super::terms::Terms;
use super::{Answer, JudgedPod, names};
use crate::facts::Missing;
use crate::way::Case;

/// A label, as key and value.
pub type Label = (&'static str, String);

/// The target's namespace and pod, for trying other labels on.
#[derive(Debug)]
pub struct WhatIf<'a> {
    /// The namespace's labels as they are.
    pub namespace: Labels,
    /// The pod as it is.
    pub pod: std::rc::Rc<JudgedPod>,
    injectors: Vec<Injector<'a>>,
}

/// An injection entry with its configuration.
type Injector<'a> = (
    (&'a MutatingWebhookConfiguration, &'a MutatingWebhook),
    &'a Terms,
);

impl<'a> WhatIf<'a> {
    /// The target as it is.
    ///
    /// # Errors
    /// [`Missing`] where namespace, pod or webhooks were not read.
    pub fn new(case: &Case<'a>) -> Result<Self, Missing> {
        let (namespace, pod) = (namespace_labels(case)?, case.pod()?);
        let entries = entries(case.webhooks()?).zip(case.terms()?);
        let injectors =
            entries.filter(|((configuration, webhook), _)| is_injector(configuration, webhook));
        Ok(Self {
            namespace,
            pod,
            injectors: injectors.collect(),
        })
    }

    /// The injection entries that would be called for a pod with these labels in a namespace with those.
    pub fn calls(
        &self,
        namespace: &Labels,
        pod: &Labels,
    ) -> Vec<(&'a MutatingWebhookConfiguration, &'a MutatingWebhook)> {
        let pod = JudgedPod {
            labels: pod.clone(),
            ..(*self.pod).clone()
        };
        let creation = Creation::of(&pod);
        let called = |terms| matches!(called(terms, Ok(namespace), &creation), Answer::Yes(_));
        let all = self.injectors.iter();
        all.filter(|(_, terms)| called(terms))
            .map(|(entry, _)| *entry)
            .collect()
    }

    /// Whether any would be called.
    pub fn is_called(&self, namespace: &Labels, pod: &Labels) -> bool {
        !self.calls(namespace, pod).is_empty()
    }

    /// The namespace's labels with one set; the other injection label is taken away with it.
    pub fn namespace_with(&self, (key, value): &Label) -> Labels {
        let mut labels = self.namespace.clone();
        labels.remove(names::ISTIO_INJECTION);
        labels.remove(names::ISTIO_REV);
        labels.insert((*key).to_owned(), value.clone());
        labels
    }

    /// The pod's labels with one set.
    pub fn pod_with(&self, (key, value): &Label) -> Labels {
        let mut labels = self.pod.labels.clone();
        labels.insert((*key).to_owned(), value.clone());
        labels
    }

    /// The label of the namespace that would get the pod called: `istio-injection=enabled` where
    /// that is served, or else the first revision or tag that is.
    pub fn namespace_label(&self) -> Option<Label> {
        let enabled = (names::ISTIO_INJECTION, "enabled".to_owned());
        let revisions = self
            .revisions()
            .into_iter()
            .map(|name| (names::ISTIO_REV, name));
        let mut pod = self.pod.labels.clone();
        pod.remove(names::ISTIO_REV);
        std::iter::once(enabled)
            .chain(revisions)
            .find(|label| self.is_called(&self.namespace_with(label), &pod))
    }

    /// The revisions and tags that some live webhook selects, the default first.
    pub fn revisions(&self) -> Vec<String> {
        let mut revisions = BTreeSet::new();
        let all = self.injectors.iter();
        for (_, terms) in all.filter(|((_, webhook), _)| !is_deactivated(webhook)) {
            let selectors = [&terms.namespace_selector, &terms.object_selector];
            for requirement in selectors.into_iter().flatten().flat_map(|all| all.iter()) {
                if let (names::ISTIO_REV, Operator::In(values)) =
                    (requirement.key.as_str(), &requirement.operator)
                {
                    revisions.extend(values.iter().cloned());
                }
            }
        }
        let mut revisions: Vec<_> = revisions.into_iter().collect();
        revisions.sort_by_key(|name| name != names::DEFAULT_REVISION);
        revisions
    }
}
