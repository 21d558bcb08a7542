//! What the diagnoses of a world add up to, by namespace and by revision.

use std::collections::BTreeSet;

use injdoctor_checks::diagnose;
use injdoctor_checks::facts::kinds::DaemonSet;
use injdoctor_checks::facts::{Fact, Object as _, Read, Resource};
use injdoctor_checks::views::{Overview, Removal, Tally, ambient_marks, meshes};
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
fn a_pod_counts_once_whatever_owner_it_is_told_of() {
    let snapshot = world::snapshot(&world::base());
    let mesh = Mesh::new(&snapshot);
    let mut overview = Overview::new(&mesh, &BTreeSet::from(["shop".to_owned()]));
    let all = diagnose(&snapshot);
    for diagnosis in all.iter().chain(&all) {
        overview.add(diagnosis);
    }
    let shop = overview.namespaces().next().unwrap();
    assert_eq!((shop.tally.pods, shop.tally.injected), (1, 1));
    let (default, _) = overview
        .revisions()
        .find(|(one, _)| one.name == "default")
        .unwrap();
    assert_eq!(default.pods.values().sum::<usize>(), 1);
}

#[test]
fn pods_that_could_not_be_read_are_not_none() {
    look(&json!({"pods": "refused"}), |overview| {
        let shop = overview.namespaces().next().unwrap();
        assert_eq!((shop.tally.pods, shop.tally.unseen), (0, 1));
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

/// A pod that Istio's CNI plugin redirects, in a namespace that is labelled for it.
fn ambient() -> Value {
    let labels = json!({"istio-injection": null, "istio.io/dataplane-mode": "ambient"});
    let annotations =
        json!({"sidecar.istio.io/status": null, "ambient.istio.io/redirection": "enabled"});
    json!({
        "namespace": {"metadata": {"labels": labels}},
        "pods": {"0": {"metadata": {"annotations": annotations}}},
    })
}

#[test]
fn a_namespace_in_the_ambient_data_plane_is_not_odd() {
    look(&ambient(), |overview| {
        let shop = overview.namespaces().next().unwrap();
        assert!(shop.ambient && shop.odd.is_none(), "{shop:?}");
        assert_eq!((shop.tally.injected, shop.tally.ambient), (0, 1));
    });
    let sidecar =
        json!({"namespace": {"metadata": {"labels": {"istio.io/dataplane-mode": "ambient"}}}});
    look(&sidecar, |overview| {
        assert!(!overview.namespaces().next().unwrap().ambient);
    });
}

#[test]
fn the_ambient_data_plane_is_told_by_two_marks() {
    let istiod = json!({"istiodDeployments": {"istiod": {"spec": {"template": {"spec": {"containers": {"discovery": {
        "env": {"PILOT_ENABLE_AMBIENT": {"name": "PILOT_ENABLE_AMBIENT", "value": "true"}},
    }}}}}}}});
    let both = patch::apply(patch::apply(world::base(), &ambient()), &istiod);
    let marks = |world: &Value| ambient_marks(&world::snapshot(world));
    for one in [ambient(), istiod] {
        let none: [&str; 0] = [];
        assert_eq!(marks(&patch::apply(world::base(), &one)), none);
    }
    let expected = [
        "PILOT_ENABLE_AMBIENT of deployment/istiod",
        "ambient.istio.io/redirection of pods",
    ];
    assert_eq!(marks(&both), expected);
}

#[test]
fn several_meshes_are_told_apart_by_their_root_namespaces_and_ids() {
    let none = meshes(&world::snapshot(&world::base()));
    assert!(none.is_empty(), "{none:?}");
    let canary = json!({"configMaps": {"istio-system/istio-canary": {"data": {"mesh": {"defaultConfig": {"meshId": "b"}}}}}});
    let all = meshes(&world::snapshot(&patch::apply(world::base(), &canary)));
    let all: Vec<_> = all
        .into_iter()
        .map(|(name, members)| (name.id, members.istiods, members.webhooks))
        .collect();
    let set = |names: &[&str]| names.iter().map(|&one| one.to_owned()).collect();
    let expected: [(Option<String>, BTreeSet<String>, BTreeSet<String>); 2] = [
        (
            None,
            set(&["deployment/istiod in istio-system"]),
            set(&["istio-sidecar-injector"]),
        ),
        (
            Some("b".to_owned()),
            set(&["deployment/istiod-canary in istio-system"]),
            set(&["istio-revision-tag-prod", "istio-sidecar-injector-canary"]),
        ),
    ];
    assert_eq!(all, expected);
}

#[test]
fn a_ztunnel_keeps_the_revision_whose_istiod_it_asks() {
    for (address, canary, is_known) in [
        ("istiod-canary.istio-system.svc:15012", true, true),
        ("istiod.istio-system.svc:15012", false, true),
        ("istiod.example.com:15012", false, false),
    ] {
        let mut snapshot = world::snapshot(&world::base());
        let ztunnel = json!({
            "metadata": {"name": "ztunnel", "namespace": "istio-system"},
            "spec": {"selector": {}, "template": {"spec": {"containers": [{
                "name": "istio-proxy",
                "args": ["proxy", "ztunnel"],
                "env": [{"name": "XDS_ADDRESS", "value": address}],
            }]}}},
        });
        let all = vec![serde_json::from_value(ztunnel).unwrap()];
        let read = Read::list(Resource::DaemonSet, None);
        snapshot
            .reads
            .insert(read, Fact::Got(DaemonSet::objects(all)));
        let mesh = Mesh::new(&snapshot);
        let overview = Overview::new(&mesh, &BTreeSet::from(["shop".to_owned()]));
        let mut all = overview.revisions().map(|(one, _)| one);
        let found = all.find(|one| one.name == "canary").unwrap();
        assert_eq!(!found.ztunnels.is_empty(), canary, "{address}");
        let missing = overview.missing_users();
        let is_missing = missing.iter().any(|one| one.contains("ztunnel"));
        assert_eq!(is_missing, !is_known, "{missing:?}");
    }
}

#[test]
fn a_gateway_keeps_the_revision_that_made_it() {
    let gateway = json!({"pods": {"0": {"metadata": {
        "labels": {"gateway.istio.io/managed": "istio.io-gateway-controller"},
        "annotations": {"sidecar.istio.io/status": null, "istio.io/rev": "canary"},
    }}}});
    look(&gateway, |overview| {
        let mut all = overview.revisions();
        let (_, removal) = all.find(|(one, _)| one.name == "canary").unwrap();
        let Removal::Used(by) = removal else {
            panic!("{removal:?}");
        };
        assert!(
            by.contains(&"1 pod of gateways or waypoints (shop)".to_owned()),
            "{by:?}"
        );
    });
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
