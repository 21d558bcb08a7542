//! Would an injection webhook be called if labels were different? The fixes that checks print rest
//! on this, not on what the stock installation's selectors look like.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use super::asked::{Means, Said};
use super::called::{Creation, called};
use super::discovery::{is_of_another_mesh, is_one_mesh, of_own_mesh};
use super::injector::{entries, is_deactivated, is_injector};
use super::namespace::namespace_labels;
use super::preferred;
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
    pub(super) fn new(case: &Case<'a>) -> Result<Self, Missing> {
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
        let creation = Creation::relabelled(&self.pod, pod);
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

    /// The label of the pod by which the API server looks at what somebody says: for a revision that the mesh of the
    /// namespace does not serve the one that is meant; none where nothing is.
    ///
    /// # Errors
    /// [`Missing`] where the target or its namespace was not read.
    pub fn pod_label(&self, case: &Case, said: &Said) -> Result<Option<Label>, Missing> {
        Ok(Some(match said.means {
            Means::Inject => (names::INJECT, "true".to_owned()),
            Means::OptOut => (names::INJECT, "false".to_owned()),
            Means::Revision => {
                let served = self.own_revisions(case);
                let other = || -> Result<_, Missing> {
                    let meant = preferred::meant(case, &served)?;
                    Ok(meant.into_iter().chain(served.clone()).next())
                };
                let revision = match served.contains(&said.value) {
                    true => Some(said.value.clone()),
                    false => other()?,
                };
                match revision {
                    Some(revision) => (names::ISTIO_REV, revision),
                    None => return Ok(None),
                }
            }
        }))
    }

    /// The label of the namespace that would get the pod called: for a revision that somebody asks for or
    /// that the pods have, or else `istio-injection=enabled` where that is served, or else the first
    /// revision or tag that is.
    ///
    /// # Errors
    /// [`Missing`] where the target or its namespace was not read.
    pub fn namespace_label(&self, case: &Case) -> Result<Option<Label>, Missing> {
        let served = self.revisions();
        let meant = preferred::meant(case, &served)?;
        let by_name = |name: &String| (names::ISTIO_REV, name.clone());
        let enabled = (names::ISTIO_INJECTION, "enabled".to_owned());
        let is_default = meant
            .first()
            .is_none_or(|name| name == names::DEFAULT_REVISION);
        let mut labels: Vec<Label> = meant.iter().chain(&served).map(by_name).collect();
        let place = match is_default || preferred::asks_for_default(case)? {
            true => 0,
            false => meant.len(),
        };
        labels.insert(place, enabled);
        let mut pod = self.pod.labels.clone();
        pod.remove(names::ISTIO_REV);
        let called: Vec<_> = labels
            .into_iter()
            .filter_map(|label| {
                let namespace = self.namespace_with(&label);
                let calls = self.calls(&namespace, &pod);
                (!calls.is_empty()).then_some((label, namespace, calls))
            })
            .collect();
        let is_of_mesh = |(_, namespace, calls): &&(Label, Labels, Vec<_>)| {
            let mut calls = calls.iter();
            calls.any(|call| !is_of_another_mesh(case, *call, namespace))
        };
        let of_mesh = called.iter().find(is_of_mesh);
        // Where a single mesh leaves the namespace out, there is no better one.
        let is_one_mesh = |_: &&_| is_one_mesh(case, self.live().map(|(call, _)| *call));
        let of_mesh = of_mesh.or_else(|| called.first().filter(is_one_mesh));
        Ok(of_mesh.map(|(label, ..)| label.clone()))
    }

    /// The revisions and tags that some live webhook selects, the default first.
    pub fn revisions(&self) -> Vec<String> {
        selected(self.live())
    }

    /// Those of them that a webhook of the namespace's mesh selects.
    pub fn own_revisions(&self, case: &Case) -> Vec<String> {
        let own = of_own_mesh(case, self.live(), |(call, _)| *call, &self.namespace);
        selected(own.into_iter())
    }

    fn live(&self) -> impl Iterator<Item = &Injector<'a>> {
        let all = self.injectors.iter();
        all.filter(|((_, webhook), _)| !is_deactivated(webhook))
    }
}

/// The revisions and tags that some entries select, the default first.
fn selected<'i, 'a: 'i>(entries: impl Iterator<Item = &'i Injector<'a>>) -> Vec<String> {
    let mut revisions = BTreeSet::new();
    for (_, terms) in entries {
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
