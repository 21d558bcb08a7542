//! Where the labels of a pod that exists differ from those of its template.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::facts::{Missing, Setter, who_set};
use crate::report::Evidence;
use crate::way::{Answer, Case, ObservedPod, assumptions, is_of_template, names};

/// The labels of a pod that decide about its injection.
const KEYS: [&str; 2] = [names::INJECT, names::ISTIO_REV];

/// A label of a pod that its template has with another value, or not at all; or that only the template has.
#[derive(Debug)]
pub struct Differing {
    /// The pod.
    pub pod: ObservedPod,
    /// The label.
    pub key: &'static str,
    /// Its value in the pod.
    pub value: Option<String>,
    /// Its value in the template.
    pub of_template: Option<String>,
    /// Who set it in the pod: lists of pods do not tell.
    pub set: Option<Setter>,
}

impl Differing {
    /// The label of the pod.
    pub fn evidence(&self) -> Evidence {
        let path = format!(".metadata.labels['{}']", self.key);
        let mut evidence = Evidence::new(format!("pod/{}", self.pod.name), path);
        evidence.actual.clone_from(&self.value);
        if let Some(set) = &self.set {
            evidence.set_by = Some(set.manager.clone());
            evidence.set_at = set.at;
        }
        evidence
    }
}

/// Every such label of the pods that were made from the template as it is now. A pod without an owner is its own template.
///
/// # Errors
/// [`Missing`] where pods or template were not read.
pub fn differing(case: &Case) -> Result<Vec<Differing>, Missing> {
    let workload = case.workload()?;
    if workload.template_path().is_empty() {
        return Ok(Vec::new());
    }
    let of_template = &workload.template.metadata;
    let mut all = Vec::new();
    for (metadata, pod) in case.pods()?.into_iter().zip(&case.observation().pods) {
        if !is_of_template(case, pod) {
            continue;
        }
        for key in KEYS {
            let (value, of_template) = (label(metadata, key), label(of_template, key));
            if value != of_template {
                all.push(Differing {
                    pod: pod.clone(),
                    key,
                    set: who_set(metadata, &["metadata", "labels", key]),
                    value,
                    of_template,
                });
            }
        }
    }
    Ok(all)
}

fn label(metadata: &ObjectMeta, key: &str) -> Option<String> {
    metadata.labels.as_ref()?.get(key).cloned()
}

/// On which side of the injection webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Mutating policies, and webhooks that come before them in the order of names.
    Before,
    /// Webhooks that come after them.
    After,
}

/// The webhooks of other vendors and the policies that are asked about the pod on one side of the injection webhooks.
///
/// # Errors
/// [`Missing`] where the webhooks were not read.
pub fn changers(case: &Case, side: Side) -> Result<Vec<String>, Missing> {
    let calls = case.calls()?;
    let injector = calls.iter().position(|call| call.injector);
    let injector = injector.unwrap_or(calls.len());
    let policies = assumptions(case, &case.prediction())
        .into_iter()
        .map(|one| one.object)
        .filter(|object| side == Side::Before && object.starts_with("mutatingadmissionpolicy/"));
    let webhooks = calls.iter().enumerate().filter(|(at, call)| {
        let is_here = match side {
            Side::Before => *at < injector,
            Side::After => *at > injector,
        };
        is_here && !call.injector && !matches!(call.called, Answer::No(_))
    });
    let webhooks =
        webhooks.map(|(_, call)| format!("mutatingwebhookconfiguration/{}", call.configuration));
    let mut all: Vec<_> = policies.chain(webhooks).collect();
    all.dedup();
    Ok(all)
}
