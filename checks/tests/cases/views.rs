//! What the diagnoses of a world add up to, by namespace and by revision.

use std::collections::BTreeSet;

use injdoctor_checks::diagnose;
use injdoctor_checks::views::{Overview, Removal, Tally};
use injdoctor_checks::way::{Mesh, Outcome};
use serde_json::{Value, json};

use crate::{patch, world};

fn look(change: &Value, look: impl FnOnce(&Overview)) {
    let snapshot = world::snapshot(&patch::apply(world::base(), change));
    let mesh = Mesh::new(&snapshot);
    let mut overview = Overview::new(&mesh, &BTreeSet::from(["shop".to_owned()]));
    for diagnosis in diagnose(&snapshot) {
        overview.add(&diagnosis);
    }
    look(&overview);
}

#[test]
fn a_namespace_that_is_well() {
    look(&json!({}), |overview| {
        let shop = overview.namespaces().next().unwrap();
        assert_eq!(
            (shop.name.as_str(), shop.outcome),
            ("shop", Outcome::Injected)
        );
        assert_eq!(shop.revision.as_deref(), Some("default"));
        assert!(shop.odd.is_none(), "{:?}", shop.odd);
        let expected = Tally {
            workloads: 1,
            pods: 1,
            injected: 1,
            ..Tally::default()
        };
        assert_eq!(shop.tally, expected);
    });
}

#[test]
fn an_odd_label_is_told_with_what_changes_it_even_where_no_workload_is() {
    let odd = json!({"namespace": {"metadata": {"labels": {"istio-injection": "Enabled"}}}});
    look(&odd, |overview| {
        let shop = overview.namespaces().next().unwrap();
        assert_eq!(shop.outcome, Outcome::NotInjected);
        let odd = shop.odd.as_ref().unwrap();
        assert_eq!(odd.check.name, "namespace-label-value");
        let [plain, workload] = odd.findings.as_slice() else {
            panic!("{:?}", odd.findings);
        };
        assert!(plain.fixes[0].restart.is_empty() && !workload.fixes[0].restart.is_empty());
    });
}

#[test]
fn a_namespace_that_could_not_be_read_is_unknown() {
    look(&json!({"namespace": "refused"}), |overview| {
        let shop = overview.namespaces().next().unwrap();
        assert_eq!(shop.outcome, Outcome::Unknown);
        assert!(shop.labels.is_err() && !overview.missing().is_empty());
    });
}

#[test]
fn what_has_to_be_restarted_before_a_revision_can_go_stands_with_it() {
    let moved = json!({"pods": {"0": {"metadata": {"annotations": {"sidecar.istio.io/status": "{\"revision\":\"canary\"}"}}}}});
    for (change, left) in [(json!({}), 0), (moved, 1)] {
        look(&change, |overview| {
            let mut all = overview.revisions().map(|(one, _)| one);
            let canary = all.find(|one| one.name == "canary").unwrap();
            assert_eq!(canary.left.len(), left);
        });
    }
}

#[test]
fn who_uses_a_revision_keeps_it_and_what_was_not_read_leaves_it_open() {
    look(&json!({}), |overview| {
        let all: Vec<_> = overview.revisions().collect();
        let default = all.iter().find(|(one, _)| one.name == "default").unwrap();
        let used = Removal::Used(
            [
                "1 namespace (shop)",
                "the next pod of 1 workload",
                "the sidecar of 1 pod (shop)",
            ]
            .map(str::to_owned)
            .to_vec(),
        );
        assert_eq!(default.1, used);
        // The world holds the pods of one namespace, which proves nothing of the others.
        let unused = all
            .iter()
            .filter(|(_, removal)| *removal == Removal::Unused);
        assert_eq!(unused.count(), 0);
    });
}
