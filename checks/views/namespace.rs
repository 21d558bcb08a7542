//! A namespace: what it asks for, what it gets, and what is odd about it.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Namespace as Object;

use super::about_namespace;
use crate::causes::Check;
use crate::diagnosis::Diagnosis;
use crate::facts::{Fact, Index};
use crate::report::{Finding, Severity};
use crate::way::{Mesh, ObservedPod, Outcome, Seen, names};

/// The labels of a namespace that say which mesh it belongs to.
const LABELS: [&str; 4] = [
    names::ISTIO_INJECTION,
    names::ISTIO_REV,
    names::INJECT,
    names::DATAPLANE_MODE,
];

/// One namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Those of its labels that concern the mesh, with their values; or why they are not known.
    pub labels: Result<Vec<(String, String)>, String>,
    /// What becomes of a pod that asks for nothing itself.
    pub outcome: Outcome,
    /// The revision that injects it.
    pub revision: Option<String>,
    /// Why, in words.
    pub because: String,
    /// The root cause, where there is one.
    pub cause: Option<&'static Check>,
    /// Whether its label asks for the ambient data plane, and gets it: no sidecar keeps its pods out.
    pub ambient: bool,
    /// What is odd about the namespace's own labels.
    pub odd: Option<Odd>,
    /// Its workloads and pods.
    pub tally: Tally,
}

/// What is wrong with a namespace itself, and what changes it.
#[derive(Clone, Debug)]
pub struct Odd {
    /// The check that found it.
    pub check: &'static Check,
    /// Its findings, for one workload after the other.
    pub findings: Vec<Finding>,
}

/// How many workloads and pods there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Workloads.
    pub workloads: usize,
    /// Workloads of which pods are refused.
    pub refused: usize,
    /// Workloads of which too little is known for a verdict.
    pub unknown: usize,
    /// Workloads whose pods could not be read: the numbers of pods are those of the others.
    pub unseen: usize,
    /// Pods that exist.
    pub pods: usize,
    /// Those with a sidecar.
    pub injected: usize,
    /// Those whose traffic goes to ztunnel.
    pub ambient: usize,
    /// Those with the sidecar of another revision than the one that injects the next pod.
    pub other_revision: usize,
    /// Those that are not ready, as the status of their workloads tells.
    pub not_ready: usize,
}

impl Namespace {
    /// A namespace without workloads yet; `plain` is the diagnosis of a pod that asks for nothing itself.
    pub(super) fn new(mesh: &Mesh, name: &str, plain: &Diagnosis) -> Self {
        let predicted = plain.predicted.as_ref();
        Self {
            name: name.to_owned(),
            labels: labels(mesh.index(), name),
            outcome: predicted.map_or(Outcome::Unknown, |one| one.outcome),
            revision: predicted.and_then(|one| one.revision.clone()),
            because: predicted.map(|one| one.because.clone()).unwrap_or_default(),
            cause: plain.root_cause,
            ambient: plain.ambient.is_some(),
            odd: odd(plain).map(|(check, finding)| Odd {
                check,
                findings: vec![without_restart(finding)],
            }),
            tally: Tally::default(),
        }
    }

    /// One more diagnosis, with those of its pods that were not counted yet.
    pub(super) fn add(&mut self, diagnosis: &Diagnosis, pods: &[&ObservedPod]) {
        if let (Some(own), Some((check, finding))) = (&mut self.odd, odd(diagnosis))
            && own.check.code == check.code
        {
            own.findings.push(finding.clone());
        }
        let next = diagnosis.predicted.as_ref();
        let next = next.and_then(|one| one.revision.as_ref());
        let tally = &mut self.tally;
        tally.workloads += 1;
        tally.unknown += usize::from(diagnosis.is_unknown());
        let Some(observed) = &diagnosis.observed else {
            return;
        };
        tally.refused += usize::from(observed.outcome == Seen::Rejected);
        tally.unseen += usize::from(observed.outcome == Seen::Unknown);
        for pod in pods {
            tally.pods += 1;
            tally.injected += usize::from(pod.injected);
            tally.ambient += usize::from(pod.ambient);
            let differs = next.is_some() && pod.revision.is_some() && pod.revision.as_ref() != next;
            tally.other_revision += usize::from(pod.injected && differs);
        }
        if let Some(readiness) = observed.readiness {
            let not_ready = readiness.pods.saturating_sub(readiness.ready);
            tally.not_ready += usize::try_from(not_ready).unwrap_or(0);
        }
    }
}

/// What is odd about the namespace of a diagnosis: somebody asked for something and does not get it.
fn odd(diagnosis: &Diagnosis) -> Option<(&'static Check, &Finding)> {
    about_namespace(diagnosis).filter(|(_, finding)| finding.severity > Severity::Info)
}

/// Of the pod that stands for all that there may be, nothing can be restarted.
fn without_restart(finding: &Finding) -> Finding {
    let mut finding = finding.clone();
    for fix in &mut finding.fixes {
        fix.restart.clear();
    }
    finding
}

fn labels(index: &Index, name: &str) -> Result<Vec<(String, String)>, String> {
    match index.get::<Object>(None, name) {
        Fact::Got(namespace) => {
            let all = namespace.metadata.labels.iter().flatten();
            let known = all.filter(|(key, _)| LABELS.contains(&key.as_str()));
            Ok(known
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect())
        }
        fact => Err(fact
            .known("the namespace")
            .err()
            .map_or_else(|| "it is not there".to_owned(), |missing| missing.0)),
    }
}

/// The namespaces to show: those of these names, or all that were listed, or, where none could be, those of the subjects.
pub(super) fn named(mesh: &Mesh, only: &BTreeSet<String>) -> BTreeSet<String> {
    if !only.is_empty() {
        return only.clone();
    }
    match mesh.index().list_all::<Object>(None) {
        Fact::Got(all) => all
            .iter()
            .filter_map(|one| one.metadata.name.clone())
            .collect(),
        _ => {
            let subjects = mesh.snapshot().subjects.iter();
            let names = subjects.map(|one| one.target.namespace.clone());
            names.filter(|name| !name.is_empty()).collect()
        }
    }
}
