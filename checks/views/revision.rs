//! A revision: its istiods, and who uses it.

use std::collections::{BTreeMap, BTreeSet};

use super::{ControlPlane, control_planes};
use crate::facts::Fact;
use crate::facts::kinds::MutatingWebhookConfiguration;
use crate::report::Finding;
use crate::way::{Mesh, injectors, label, names};

/// Names in a sentence; more are counted.
const NAMED: usize = 3;

/// One revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its name.
    pub name: String,
    /// Its istiods in this cluster.
    pub control_planes: Vec<ControlPlane>,
    /// The MutatingWebhookConfigurations that inject with it, without those of tags.
    pub webhooks: BTreeSet<String>,
    /// The tags that point at it.
    pub tags: BTreeSet<String>,
    /// The namespaces in which its webhooks are called for a pod that asks for nothing itself.
    pub namespaces: BTreeSet<String>,
    /// The workloads for whose next pod its webhooks are called.
    pub workloads: usize,
    /// The pods that run its sidecar, by namespace.
    pub pods: BTreeMap<String, usize>,
    /// The pods of gateways and waypoints that its istiods have made, by namespace.
    pub gateways: BTreeMap<String, usize>,
    /// The DaemonSets of ztunnels that ask its istiods for their configuration.
    pub ztunnels: BTreeSet<String>,
    /// What is found of each workload whose pods run its sidecar, and whose next pod gets that of another.
    pub left: Vec<Finding>,
}

/// Whether a revision may be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nothing in this cluster uses it.
    Unused,
    /// These use it.
    Used(Vec<String>),
    /// Nothing is seen to use it, and facts are missing.
    Unknown,
}

/// The revisions of istiods and of injection webhooks.
pub(super) fn revisions(mesh: &Mesh) -> BTreeMap<String, Revision> {
    let mut all: BTreeMap<String, Revision> = BTreeMap::new();
    for istiod in control_planes(mesh.snapshot()) {
        let name = istiod.revision.clone();
        let new = || Revision::new(&name);
        let found = all.entry(name.clone()).or_insert_with(new);
        found.control_planes.push(istiod);
    }
    let webhooks = mesh.index().list_all::<MutatingWebhookConfiguration>(None);
    let webhooks = match webhooks {
        Fact::Got(webhooks) => webhooks,
        _ => &[],
    };
    for (configuration, _) in injectors(webhooks) {
        let Some(name) = label(configuration, names::ISTIO_REV) else {
            continue;
        };
        let new = || Revision::new(name);
        let found = all.entry(name.to_owned()).or_insert_with(new);
        match label(configuration, names::ISTIO_TAG) {
            Some(tag) => found.tags.insert(tag.to_owned()),
            None => {
                let own = configuration.metadata.name.clone();
                found.webhooks.insert(own.unwrap_or_default())
            }
        };
    }
    all
}

impl Revision {
    /// A revision of which nothing is known.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            control_planes: Vec::new(),
            webhooks: BTreeSet::new(),
            tags: BTreeSet::new(),
            namespaces: BTreeSet::new(),
            workloads: 0,
            pods: BTreeMap::new(),
            gateways: BTreeMap::new(),
            ztunnels: BTreeSet::new(),
            left: Vec::new(),
        }
    }

    /// Whether it may be removed; `known` says that all who could use it were read.
    pub(super) fn removal(&self, known: bool) -> Removal {
        let mut used = Vec::new();
        if !self.tags.is_empty() {
            used.push(count(self.tags.len(), "tag") + &some(&self.tags));
        }
        if !self.namespaces.is_empty() {
            used.push(count(self.namespaces.len(), "namespace") + &some(&self.namespaces));
        }
        if self.workloads > 0 {
            used.push(format!(
                "the next pod of {}",
                count(self.workloads, "workload")
            ));
        }
        if !self.pods.is_empty() {
            let pods = count(self.pods.values().sum(), "pod");
            used.push(format!("the sidecar of {pods}{}", some(self.pods.keys())));
        }
        if !self.gateways.is_empty() {
            let pods = count(self.gateways.values().sum(), "pod");
            let namespaces = some(self.gateways.keys());
            used.push(format!("{pods} of gateways or waypoints{namespaces}"));
        }
        if !self.ztunnels.is_empty() {
            let ztunnels: Vec<_> = self.ztunnels.iter().map(String::as_str).collect();
            used.push(format!("ztunnel: {}", ztunnels.join(", ")));
        }
        match (used.is_empty(), known) {
            (false, _) => Removal::Used(used),
            (true, true) => Removal::Unused,
            (true, false) => Removal::Unknown,
        }
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

fn some<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<_> = names.into_iter().take(NAMED).collect();
    format!(" ({}{more})", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_unused_only_where_everything_was_read() {
        let unused = Revision::new("old");
        assert_eq!(unused.removal(true), Removal::Unused);
        assert_eq!(unused.removal(false), Removal::Unknown);
    }

    #[test]
    fn whatever_uses_a_revision_is_named() {
        let names = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect();
        let used = Revision {
            tags: names(&["prod"]),
            namespaces: names(&["a", "b", "c", "d"]),
            workloads: 1,
            pods: BTreeMap::from([("a".to_owned(), 2), ("z".to_owned(), 3)]),
            gateways: BTreeMap::from([("b".to_owned(), 1)]),
            ztunnels: names(&["daemonset/ztunnel in istio-system"]),
            ..Revision::new("old")
        };
        let expected = [
            "1 tag (prod)",
            "4 namespaces (a, b, c and 1 more)",
            "the next pod of 1 workload",
            "the sidecar of 5 pods (a, z)",
            "1 pod of gateways or waypoints (b)",
            "ztunnel: daemonset/ztunnel in istio-system",
        ];
        let expected = expected.map(str::to_owned).to_vec();
        for known in [true, false] {
            assert_eq!(used.removal(known), Removal::Used(expected.clone()));
        }
    }
}
