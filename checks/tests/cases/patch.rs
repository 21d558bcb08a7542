//! The changes that a case makes to the base world: a JSON merge patch (RFC 7386), shortened.
//!
//! - It starts at the places that [`PLACES`] names, or at the root.
//! - It sees through a read that brought something. `absent`, `refused`, `failed` and `notAsked` in
//!   the place of what it brought say that it brought nothing.
//! - A mapping over a list changes the elements by their names, `"*"` all of them, a name that is not
//!   there adds one; a list over a list replaces it.
//! - A mapping over a text changes the YAML in the text.
//! - `$pem NAME` and `$base64 NAME` stand for a file of `certificates/`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::world::{folder, is_fact};

/// What a case can start from, besides `cluster` and `subjects`.
const PLACES: [(&str, &[&str]); 34] = [
    ("clusterRoles", &["cluster", "clusterRoles"]),
    ("clusterRoleBindings", &["cluster", "clusterRoleBindings"]),
    ("namespace", &["cluster", "namespaces", "shop"]),
    ("serverVersion", &["cluster", "serverVersion"]),
    ("webhooks", &["cluster", "webhooks"]),
    ("services", &["cluster", "services"]),
    ("validatingWebhooks", &["cluster", "validatingWebhooks"]),
    ("validatingPolicies", &["cluster", "validatingPolicies"]),
    (
        "validatingPolicyBindings",
        &["cluster", "validatingPolicyBindings"],
    ),
    ("mutatingPolicies", &["cluster", "mutatingPolicies"]),
    (
        "mutatingPolicyBindings",
        &["cluster", "mutatingPolicyBindings"],
    ),
    ("quotas", &["cluster", "quotas", "shop"]),
    ("limitRanges", &["cluster", "limitRanges", "shop"]),
    (
        "networkPolicies",
        &["cluster", "networkPolicies", "istio-system"],
    ),
    ("ownPolicies", &["cluster", "networkPolicies", "shop"]),
    ("endpointSlices", &["cluster", "endpointSlices"]),
    ("istiodPods", &["cluster", "pods", "istio-system"]),
    (
        "istiodDeployments",
        &["cluster", "deployments", "istio-system"],
    ),
    (
        "injector",
        &[
            "cluster",
            "configMaps",
            "istio-system/istio-sidecar-injector",
        ],
    ),
    ("mesh", &["cluster", "configMaps", "istio-system/istio"]),
    (
        "rootCertificate",
        &["cluster", "configMaps", "istio-system/istio-ca-root-cert"],
    ),
    ("configMaps", &["cluster", "configMaps"]),
    ("kubeletVersions", &["cluster", "kubeletVersions"]),
    ("apiServers", &["cluster", "apiServers"]),
    ("tunnelAgents", &["cluster", "tunnelAgents"]),
    ("autoscaler", &["cluster", "autoscaler"]),
    ("object", &["subjects", "0", "object"]),
    ("template", &["subjects", "0", "object", "template"]),
    ("pods", &["subjects", "0", "pods"]),
    ("replicaSets", &["subjects", "0", "replicaSets"]),
    ("job", &["subjects", "0", "job"]),
    ("events", &["subjects", "0", "events"]),
    ("logs", &["subjects", "0", "logs"]),
    ("target", &["subjects", "0", "target"]),
];

/// The world with a case's changes.
pub fn apply(mut world: Value, change: &Value) -> Value {
    for (place, patch) in change.as_object().into_iter().flatten() {
        let path = PLACES
            .iter()
            .find(|(name, _)| name == place)
            .map(|(_, path)| *path);
        let steps = path.unwrap_or(&[]).iter();
        let whole = match path {
            Some(_) => steps.rfold(patch.clone(), |patch, step| json!({ *step: patch })),
            None => json!({ place: patch }),
        };
        merge(&mut world, &whole);
    }
    world
}

fn merge(target: &mut Value, patch: &Value) {
    if is_fact(target) && is_fact(patch) {
        *target = patch.clone();
        return;
    }
    if is_fact(target) && target.get("got").is_some() {
        if let Value::String(word) = patch
            && ["refused", "failed"].contains(&word.as_str())
        {
            *target = json!({ word: { "verb": "list", "resource": "things", "reason": "the case says so" } });
        } else if let Some(got) = target.get_mut("got") {
            merge(got, patch);
        }
        return;
    }
    match (target, patch) {
        (Value::Array(items), Value::Object(changes)) => {
            changes
                .iter()
                .for_each(|(name, change)| merge_elements(items, name, change));
        }
        (Value::String(text), Value::Object(_)) => {
            let mut inner: Value =
                serde_saphyr::from_str(text).expect("a mapping is laid over YAML only");
            merge(&mut inner, patch);
            *text = inner.to_string();
        }
        (target, Value::Object(changes)) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let fields = target.as_object_mut().expect("it was made one");
            for (name, change) in changes {
                if change.is_null() {
                    fields.remove(name);
                } else {
                    merge(fields.entry(name.clone()).or_insert(Value::Null), change);
                }
            }
        }
        (target, Value::String(text)) => *target = Value::String(certificate(text)),
        (target, Value::Array(items)) => {
            let new = items.iter().map(|item| {
                let mut new = Value::Null;
                merge(&mut new, item);
                new
            });
            *target = new.collect();
        }
        (target, patch) => *target = patch.clone(),
    }
}

fn merge_elements(items: &mut Vec<Value>, name: &str, change: &Value) {
    let is_named = |(index, item): (usize, &Value)| {
        let names = [
            item.get("name"),
            item.pointer("/metadata/name"),
            item.get("type"),
        ];
        name == "*"
            || index.to_string() == name
            || names.into_iter().flatten().any(|one| one == name)
    };
    let found: Vec<bool> = items.iter().enumerate().map(is_named).collect();
    if change.is_null() {
        let mut keep = found.iter().map(|found| !found);
        items.retain(|_| keep.next().unwrap_or(true));
        return;
    }
    if !found.contains(&true) {
        items.push(Value::Null);
    }
    let last = items.len() - 1;
    for (index, item) in items.iter_mut().enumerate() {
        if *found.get(index).unwrap_or(&(index == last)) {
            merge(item, change);
        }
    }
}

/// A text, or the file of `certificates/` for which it stands.
fn certificate(text: &str) -> String {
    let read = |name: &str| {
        let path = folder().join("certificates").join(format!("{name}.pem"));
        std::fs::read_to_string(path).expect("certificates/ has the file that a case names")
    };
    if let Some(name) = text.strip_prefix("$pem ") {
        read(name)
    } else if let Some(name) = text.strip_prefix("$base64 ") {
        STANDARD.encode(read(name))
    } else {
        text.to_owned()
    }
}

#[test]
fn a_patch_reaches_through_reads_lists_and_texts() {
    let world = || {
        json!({
            "cluster": { "namespaces": { "shop": { "got": { "labels": { "a": "1", "b": "2" } } } } },
            "list": [{ "name": "x", "n": 1 }, { "metadata": { "name": "y" }, "n": 2 }],
            "text": "policy: enabled\nother: 1\n",
        })
    };
    for (change, pointer, expected) in [
        (
            json!({ "namespace": { "labels": { "a": "3", "b": null } } }),
            "/cluster/namespaces/shop/got/labels",
            json!({ "a": "3" }),
        ),
        (
            json!({ "namespace": "absent" }),
            "/cluster/namespaces/shop",
            json!("absent"),
        ),
        (
            json!({ "namespace": "failed" }),
            "/cluster/namespaces/shop/failed/verb",
            json!("list"),
        ),
        (
            json!({ "list": { "y": { "n": 3 } } }),
            "/list/1/n",
            json!(3),
        ),
        (json!({ "list": { "x": null } }), "/list/0/n", json!(2)),
        (
            json!({ "list": { "z": { "n": 3 } } }),
            "/list/2",
            json!({ "n": 3 }),
        ),
        (
            json!({ "list": { "*": { "n": 3 } } }),
            "/list/0/n",
            json!(3),
        ),
        (json!({ "list": [] }), "/list", json!([])),
        (
            json!({ "text": { "other": null } }),
            "/text",
            json!(r#"{"policy":"enabled"}"#),
        ),
    ] {
        assert_eq!(
            apply(world(), &change).pointer(pointer),
            Some(&expected),
            "{change}"
        );
    }
}
