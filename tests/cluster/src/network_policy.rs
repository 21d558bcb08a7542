//! What NetworkPolicies keep the API server from. A network plugin enforces them on every node; here, where all addresses
//! are local, [`crate::firewall`] does.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde_json::Value;

use crate::api::Objects;
use crate::json::{list, text};
use crate::kubelet::NODE_IP;

/// The ports of pods which no connection from the node may reach. What the kubelet probes is open to it in any case.
pub(crate) fn blocked(policies: &Objects, pods: &Objects) -> BTreeSet<SocketAddr> {
    let mut blocked = BTreeSet::new();
    for pod in pods.values() {
        let isolating: Vec<&Value> = policies
            .values()
            .filter(|policy| isolates(policy, pod))
            .collect();
        let Ok(ip) = text(pod, "/status/podIP").parse::<IpAddr>() else {
            continue;
        };
        if isolating.is_empty() {
            continue;
        }
        for port in list(pod, "/spec/containers")
            .iter()
            .flat_map(ports_without_probe)
        {
            if !isolating.iter().any(|policy| allows(policy, port)) {
                blocked.extend(
                    number(port, "/containerPort").map(|number| SocketAddr::new(ip, number)),
                );
            }
        }
    }
    blocked
}

fn ports_without_probe(container: &Value) -> impl Iterator<Item = &Value> {
    let probed = container.pointer("/readinessProbe/httpGet/port");
    list(container, "/ports")
        .iter()
        .filter(move |port| port.get("containerPort") != probed)
}

fn isolates(policy: &Value, pod: &Value) -> bool {
    text(policy, "/metadata/namespace") == text(pod, "/metadata/namespace")
        && list(policy, "/spec/policyTypes").contains(&Value::from("Ingress"))
        && selects(policy.pointer("/spec/podSelector"), pod)
}

fn selects(selector: Option<&Value>, pod: &Value) -> bool {
    let label = |key: &str| {
        pod.pointer("/metadata/labels")
            .and_then(|labels| labels.get(key))
    };
    let labels = selector.and_then(|selector| selector.get("matchLabels")?.as_object());
    let expressions = selector.map_or(&[][..], |selector| list(selector, "/matchExpressions"));
    labels.is_none_or(|labels| labels.iter().all(|(key, value)| label(key) == Some(value)))
        && expressions.iter().all(|expression| {
            let value = label(text(expression, "/key"));
            let listed = value.is_some_and(|value| list(expression, "/values").contains(value));
            match text(expression, "/operator") {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        })
}

fn allows(policy: &Value, port: &Value) -> bool {
    list(policy, "/spec/ingress").iter().any(|rule| {
        let (peers, ports) = (list(rule, "/from"), list(rule, "/ports"));
        (peers.is_empty() || peers.iter().any(is_node))
            && (ports.is_empty() || ports.iter().any(|allowed| covers(allowed, port)))
    })
}

/// Whether a peer of a rule is the node, on whose network the API server is. Selectors of pods never mean it.
fn is_node(peer: &Value) -> bool {
    let contains = |block: &str| {
        block
            .parse::<IpNet>()
            .is_ok_and(|block| block.contains(&IpAddr::from(NODE_IP)))
    };
    contains(text(peer, "/ipBlock/cidr"))
        && !list(peer, "/ipBlock/except")
            .iter()
            .filter_map(Value::as_str)
            .any(contains)
}

fn covers(allowed: &Value, port: &Value) -> bool {
    if text(allowed, "/protocol") != "TCP" {
        return false;
    }
    match (
        allowed.get("port"),
        number(allowed, "/port"),
        number(port, "/containerPort"),
    ) {
        (None, _, _) => true,
        (_, Some(first), Some(wanted)) => {
            let last = number(allowed, "/endPort").unwrap_or(first);
            (first..=last).contains(&wanted)
        }
        (name, _, _) => name == port.get("name"),
    }
}

fn number(value: &Value, pointer: &str) -> Option<u16> {
    value.pointer(pointer)?.as_u64()?.try_into().ok()
}
