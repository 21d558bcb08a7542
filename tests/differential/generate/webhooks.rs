//! Webhook configurations: those of the installation, and what people do to them.

use serde_json::{Value, json};

use super::{Dice, conditions, selectors};
use testcluster::OTHER_WEBHOOK;

use crate::world::{ACTS, OTHER_ROOT, OTHER_VENDOR, ROOT};

/// The installation's with a few changes, in some worlds with none.
pub fn generate(dice: &mut Dice, stock: &[Value]) -> Vec<Value> {
    let mut configurations = stock.to_vec();
    if dice.percent(6) {
        configurations.clear();
    }
    let changes = *dice.weighted(&[(15, 0), (30, 1), (30, 2), (15, 3), (10, 5)]);
    for number in 0..changes {
        change(dice, &mut configurations, number);
    }
    configurations
}

fn change(dice: &mut Dice, configurations: &mut Vec<Value>, number: usize) {
    match dice.below(20) {
        0 | 1 if !configurations.is_empty() => {
            configurations.remove(dice.below(configurations.len()));
        }
        2..4 if !configurations.is_empty() => {
            configurations.push(copy(dice, configurations, number))
        }
        4..7 => configurations.push(custom(dice, number)),
        7 => configurations.push(foreign(dice, number)),
        _ => {
            let Some(entry) = any_entry(dice, configurations) else {
                return configurations.push(custom(dice, number));
            };
            edit(dice, entry);
        }
    }
}

fn any_entry<'a>(dice: &mut Dice, configurations: &'a mut [Value]) -> Option<&'a mut Value> {
    if configurations.is_empty() {
        return None;
    }
    let configuration = dice.below(configurations.len());
    let entries = configurations[configuration]["webhooks"].as_array_mut()?;
    let entry = dice.below(entries.len());
    entries.get_mut(entry)
}

/// The same again under a name that sorts elsewhere, with or without the label by which istiod knows its own.
fn copy(dice: &mut Dice, configurations: &[Value], number: usize) -> Value {
    let mut copy = dice.pick(configurations).clone();
    copy["metadata"]["name"] = json!(name(dice, number));
    if dice.percent(30) {
        copy["metadata"]["labels"] = json!({});
    }
    copy
}

fn name(dice: &mut Dice, number: usize) -> String {
    let prefix = dice.pick(&[
        "a-first",
        "istio-sidecar-injector-a",
        "istio-sidecar-injector.z",
        "z-last",
    ]);
    format!("{prefix}-{number}")
}

/// Something wrong, or just unusual, about one entry.
fn edit(dice: &mut Dice, entry: &mut Value) {
    let client = &mut entry["clientConfig"];
    match dice.below(22) {
        0..3 => entry["namespaceSelector"] = selectors::generate(dice, &selectors::OF_NAMESPACES),
        3..6 => entry["objectSelector"] = selectors::generate(dice, &selectors::OF_PODS),
        6 => {
            let never = json!({"matchExpressions":
                [{"key": "istio.io/deactivated", "operator": "In", "values": ["never-match"]}]});
            entry["namespaceSelector"] = never.clone();
            entry["objectSelector"] = never;
        }
        7 => entry["rules"] = rules(dice),
        8..11 => entry["matchConditions"] = conditions::generate(dice),
        11 | 12 => entry["failurePolicy"] = json!("Ignore"),
        13 => client["caBundle"] = bundle(dice),
        // A URL has none of what follows.
        14.. if client.get("service").is_none() => entry["failurePolicy"] = json!("Ignore"),
        14 => client["service"]["port"] = json!(*dice.pick(&[443, 444, 15012])),
        15 => {
            client["service"]["name"] = json!(*dice.pick(&[
                "istiod",
                "istiod-canary",
                "gone",
                "istiod-revision-tag-prod"
            ]))
        }
        16 => {
            client["service"]["path"] = json!(*dice.pick(&[
                "/inject/cluster/c-1/net/n-1",
                "/injectt",
                "/",
                "/inject/",
                "/validate"
            ]))
        }
        17 => client["service"]["namespace"] = json!("gone"),
        18 | 19 => entry["reinvocationPolicy"] = json!("IfNeeded"),
        20 => entry["matchPolicy"] = json!("Exact"),
        _ => *client = json!({"url": "https://istiod.example.com/inject", "caBundle": ROOT}),
    }
}

fn bundle(dice: &mut Dice) -> Value {
    let bundles = [
        (3, Value::Null),
        (3, json!(OTHER_ROOT)),
        (2, json!("Z2FyYmFnZQ==")),
        (1, json!("")),
    ];
    dice.weighted(&bundles).clone()
}

fn rules(dice: &mut Dice) -> Value {
    let rule = |operations: &[&str],
                groups: &[&str],
                versions: &[&str],
                resources: &[&str],
                scope: &str| {
        json!({"operations": operations, "apiGroups": groups, "apiVersions": versions, "resources": resources, "scope": scope})
    };
    let usual = || rule(&["CREATE"], &[""], &["v1"], &["pods"], "*");
    let rules = [
        json!([rule(&["UPDATE"], &[""], &["v1"], &["pods"], "*")]),
        json!([rule(&["*"], &["*"], &["*"], &["*"], "*")]),
        json!([rule(
            &["CREATE", "UPDATE"],
            &[""],
            &["v1"],
            &["pods"],
            "Namespaced"
        )]),
        json!([rule(&["CREATE"], &[""], &["v1"], &["pods"], "Cluster")]),
        json!([rule(&["CREATE"], &["apps"], &["v1"], &["deployments"], "*")]),
        json!([rule(&["CREATE"], &["apps"], &["v1"], &["pods"], "*")]),
        json!([rule(&["CREATE"], &[""], &["v1beta1"], &["pods"], "*")]),
        json!([rule(&["CREATE"], &[""], &["v1"], &["pods/*"], "*")]),
        json!([rule(&["CREATE"], &[""], &["v1"], &["pods/status"], "*")]),
        json!([rule(&["CREATE"], &[""], &["v1"], &["*/*"], "*")]),
        json!([rule(&["CREATE"], &[""], &["v1"], &["*/status"], "*")]),
        json!([rule(&["DELETE"], &[""], &["v1"], &["pods"], "*"), usual()]),
        json!([]),
        Value::Null,
    ];
    dice.pick(&rules).clone()
}

/// An entry for the injector, with the API server's defaults where nothing is said.
fn entry(name: &str, service: &str) -> Value {
    json!({
        "name": name,
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {
            "caBundle": ROOT,
            "service": {"name": service, "namespace": "istio-system", "path": "/inject"},
        },
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
    })
}

/// An injection webhook that no chart makes.
fn custom(dice: &mut Dice, number: usize) -> Value {
    let service = *dice.weighted(&[
        (4, "istiod"),
        (4, "istiod-canary"),
        (1, "istiod-revision-tag-prod"),
        (1, "gone"),
    ]);
    let label = *dice.weighted(&[
        (4, Some("default")),
        (4, Some("canary")),
        (1, Some("gone")),
        (2, None),
    ]);
    let entry_name = *dice.weighted(&[
        (3, "sidecar-injector.istio.io"),
        (2, "namespace.sidecar-injector.istio.io"),
        (1, "inject.example.com"),
    ]);
    let mut entry = entry(entry_name, service);
    match dice.below(5) {
        // All pods there are.
        0 => {}
        // As before Istio 1.10, opt in and opt out.
        1 => entry["namespaceSelector"] = json!({"matchLabels": {"istio-injection": "enabled"}}),
        2 => {
            entry["namespaceSelector"] = json!({"matchExpressions": [
                {"key": "istio-injection", "operator": "NotIn", "values": ["disabled"]},
                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "kube-public", "istio-system"]},
            ]});
        }
        _ => {
            entry["namespaceSelector"] = selectors::generate(dice, &selectors::OF_NAMESPACES);
            entry["objectSelector"] = selectors::generate(dice, &selectors::OF_PODS);
        }
    }
    // Where several inject one pod, the later ones see what the earlier ones made of it.
    if dice.percent(25) {
        entry["reinvocationPolicy"] = json!("IfNeeded");
    }
    if dice.percent(25) {
        entry["matchConditions"] = conditions::generate(dice);
    }
    if dice.percent(20) {
        edit(dice, &mut entry);
    }
    let mut configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name(dice, number), "labels": {"app": "sidecar-injector"}},
        "webhooks": [entry],
    });
    if let Some(revision) = label {
        configuration["metadata"]["labels"]["istio.io/rev"] = json!(revision);
    }
    configuration
}

/// A webhook of another vendor that answers, before or after Istio's: it lets the pod pass as it is, or does what nobody
/// can know.
pub fn answering(dice: &mut Dice, number: usize) -> Value {
    let (acts, path) = *dice.weighted(&[
        (3, ("passes", "inject")),
        (2, (ACTS, "opt-in")),
        (2, (ACTS, "opt-out")),
        (1, (ACTS, "deny")),
    ]);
    let mut entry = entry("mutate.example.com", "");
    entry["clientConfig"] =
        json!({"url": format!("https://{OTHER_WEBHOOK}/{path}"), "caBundle": OTHER_VENDOR});
    if dice.percent(30) {
        entry["failurePolicy"] = json!("Ignore");
    }
    if dice.percent(50) {
        entry["namespaceSelector"] = selectors::generate(dice, &selectors::OF_NAMESPACES);
        entry["objectSelector"] = selectors::generate(dice, &selectors::OF_PODS);
    }
    if dice.percent(30) {
        entry["matchConditions"] = conditions::generate(dice);
    }
    let place = dice.pick(&["a", "z"]);
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": format!("{place}-{acts}-{number}"), "labels": {"app": "sidecar-injector"}},
        "webhooks": [entry],
    })
}

/// A policy that sets the pod's label before all webhooks.
pub fn policy(dice: &mut Dice, number: usize) -> Value {
    let value = dice.pick(&["true", "false"]);
    let mut constraints = json!({"resourceRules": [
        {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]},
    ]});
    if dice.percent(60) {
        constraints["namespaceSelector"] = selectors::generate(dice, &selectors::OF_NAMESPACES);
        constraints["objectSelector"] = selectors::generate(dice, &selectors::OF_PODS);
    }
    let mut policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": format!("{ACTS}-{number}")},
        "spec": {
            "matchConstraints": constraints,
            "failurePolicy": dice.pick(&["Fail", "Ignore"]),
            "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression":
                format!("Object{{metadata: Object.metadata{{labels: {{\"sidecar.istio.io/inject\": \"{value}\"}}}}}}")}}],
        },
    });
    if dice.percent(30) {
        policy["spec"]["matchConditions"] = conditions::generate(dice);
        // One that ends in an error would refuse the probes, too.
        policy["spec"]["failurePolicy"] = json!("Ignore");
    }
    policy
}

/// A webhook of another vendor. None of them runs here, so each is either not called or seen not to answer.
fn foreign(dice: &mut Dice, number: usize) -> Value {
    let mut entry = entry("mutate.example.com", "policies");
    entry["clientConfig"]["service"] =
        json!({"name": "policies", "namespace": "istio-system", "path": "/mutate"});
    if dice.percent(50) {
        entry["failurePolicy"] = json!("Ignore");
    } else {
        entry["namespaceSelector"] = json!({"matchLabels": {"team": "blue"}});
        entry["objectSelector"] = selectors::generate(dice, &selectors::OF_PODS);
    }
    if dice.percent(30) {
        entry["matchConditions"] = conditions::generate(dice);
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": format!("{}-{number}", dice.pick(&["kyverno", "a-policy"]))},
        "webhooks": [entry],
    })
}
