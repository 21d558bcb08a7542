//! NetworkPolicies in words.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The name of a policy.
pub fn name(policy: &NetworkPolicy) -> &str {
    policy.metadata.name.as_deref().unwrap_or_default()
}

/// That these policies select a pod, and that none of their rules does this.
pub fn none_that(policies: &[&NetworkPolicy], pod: &str, does: &str) -> String {
    let names: Vec<_> = policies.iter().map(|one| name(one)).collect();
    match names.as_slice() {
        [one] => format!("NetworkPolicy {one} selects pod/{pod} and has no rule that {does}"),
        all => format!(
            "NetworkPolicies {} select pod/{pod} and have no rule that {does}",
            all.join(", ")
        ),
    }
}

/// A rule: its ports, and `from` or `to` whom.
pub fn in_words(
    ports: Option<&[NetworkPolicyPort]>,
    preposition: &str,
    peers: Option<&[NetworkPolicyPeer]>,
) -> String {
    let ports: Vec<_> = ports.unwrap_or_default().iter().map(port).collect();
    let ports = match ports.as_slice() {
        [] => "every port".to_owned(),
        ports => format!("port {}", ports.join(", ")),
    };
    match peers.unwrap_or_default() {
        [] => format!("{ports} {preposition} everybody"),
        _ => format!("{ports} {preposition} some"),
    }
}

/// The rules of a policy.
pub fn together(rules: &[String]) -> String {
    match rules {
        [] => "no rule".to_owned(),
        rules => rules.join("; "),
    }
}

fn port(port: &NetworkPolicyPort) -> String {
    let first = match &port.port {
        None => "any".to_owned(),
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(name)) => name.clone(),
    };
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    match port.end_port {
        Some(last) => format!("{first}-{last}/{protocol}"),
        None => format!("{first}/{protocol}"),
    }
}
