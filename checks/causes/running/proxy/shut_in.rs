//! NetworkPolicies that keep a sidecar from istiod, in words, and what lets it out.

use serde_json::{Value, json};

use crate::causes::policy_words::{in_words, name, none_that, together};
use crate::facts::kinds::NetworkPolicy;
use crate::report::{Change, Evidence, Fix, Object, Operation, Patch, Risk};
use crate::way::running::egress::{DNS, NAMESPACE_NAME, ShutIn, XDS, egress};

/// That no policy lets a pod out.
pub fn sentence(shut: &ShutIn, pod: &str) -> String {
    none_that(&shut.policies, pod, &format!("lets it out to port {XDS}"))
}

/// The rules of each policy.
pub fn evidence(shut: &ShutIn) -> Vec<Evidence> {
    let of = |policy: &&NetworkPolicy| {
        let namespace = policy.metadata.namespace.as_deref().unwrap_or_default();
        let rules = egress(policy).iter();
        let rules = rules.map(|rule| in_words(rule.ports.as_deref(), "to", rule.to.as_deref()));
        let rules: Vec<_> = rules.collect();
        Evidence::new(
            format!("networkpolicy/{} -n {namespace}", name(policy)),
            ".spec.egress",
        )
        .actual(together(&rules))
        .expected(format!("a rule for port {XDS} of istiod"))
        .set_in(&policy.metadata, &["spec", "egress"])
    };
    shut.policies.iter().map(of).collect()
}

/// Adds rules to the first of the policies: what any of them lets out gets out.
pub fn let_out(shut: &ShutIn) -> Option<Fix> {
    let policy = *shut.policies.first()?;
    let istiods = shut.istiods.iter();
    let peers = istiods.map(
        |namespace| json!({"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}}}),
    );
    let peers: Vec<_> = peers.collect();
    let mut rules = vec![json!({"to": peers, "ports": [{"port": XDS, "protocol": "TCP"}]})];
    if shut.from_dns {
        let port = |protocol: &str| json!({"port": DNS, "protocol": protocol});
        rules.push(json!({"ports": [port("UDP"), port("TCP")]}));
    }
    let has_rules = policy.spec.as_ref()?.egress.is_some();
    let operations = match has_rules {
        true => {
            let add = |rule| Operation::Add("/spec/egress/-".to_owned(), rule);
            rules.into_iter().map(add).collect()
        }
        false => vec![Operation::Add(
            "/spec/egress".to_owned(),
            Value::Array(rules),
        )],
    };
    let namespace = policy.metadata.namespace.as_deref()?;
    let object = Object::new("NetworkPolicy", namespace, name(policy));
    let title = format!(
        "let NetworkPolicy {} let the pods out to istiod",
        name(policy)
    );
    let changes = "the sidecars of all pods that the policy selects get their configuration, without a restart";
    let fix = Fix::new(title, Risk::Safe, changes);
    Some(fix.change(Change::new(object, Patch::Operations(operations)), policy))
}
