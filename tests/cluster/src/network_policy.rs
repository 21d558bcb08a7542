//! What NetworkPolicies keep the API server from, and pods from each other. A network plugin enforces them on every node;
//! here, where all addresses are local, [`crate::firewall`] does.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::api::Objects;
use crate::json::{list, text};
use crate::kubelet::NODE_IP;

/// The ports of pods which no connection from the node may reach. What the kubelet probes is open to it in any case.
pub(crate) fn blocked(policies: &Objects, pods: &Objects) -> BTreeSet<SocketAddr> {
    let mut blocked = BTreeSet::new();
    for pod in pods.values() {
        let isolating: Vec<&Value> = policies
            .values()
            .filter(|policy| isolates(policy, pod, "Ingress"))
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

/// The ports which a pod cannot call, whatever pod has them.
pub(crate) fn kept_in(policies: &Objects, pods: &Objects) -> BTreeSet<(IpAddr, u16)> {
    let mut kept_in = BTreeSet::new();
    for pod in pods.values() {
        let isolating = policies
            .values()
            .filter(|policy| isolates(policy, pod, "Egress"));
        let isolating: Vec<_> = isolating.collect();
        let ip = text(pod, "/status/podIP").parse::<IpAddr>();
        let Some(ip) = ip.ok().filter(|_| !isolating.is_empty()) else {
            continue;
        };
        let called = pods.values().flat_map(|called| {
            let containers = list(called, "/spec/containers").iter();
            let ports = containers.flat_map(|container| list(container, "/ports"));
            ports.map(move |port| (called, port))
        });
        let (mut closed, mut open) = (BTreeSet::new(), BTreeSet::new());
        for (called, port) in called {
            let lets_out = isolating
                .iter()
                .any(|policy| lets_out(policy, called, port));
            let numbers = if lets_out { &mut open } else { &mut closed };
            numbers.extend(number(port, "/containerPort"));
        }
        kept_in.extend(closed.difference(&open).map(|port| (ip, *port)));
    }
    kept_in
}

fn isolates(policy: &Value, pod: &Value, direction: &str) -> bool {
    text(policy, "/metadata/namespace") == text(pod, "/metadata/namespace")
        && list(policy, "/spec/policyTypes").contains(&Value::from(direction))
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

fn lets_out(policy: &Value, called: &Value, port: &Value) -> bool {
    let own = text(policy, "/metadata/namespace");
    list(policy, "/spec/egress").iter().any(|rule| {
        let (peers, ports) = (list(rule, "/to"), list(rule, "/ports"));
        (peers.is_empty() || peers.iter().any(|peer| is_pod(peer, called, own)))
            && (ports.is_empty() || ports.iter().any(|allowed| covers(allowed, port)))
    })
}

/// Whether a peer of a rule of this namespace is a pod. Of a namespace no label is known but its name.
fn is_pod(peer: &Value, pod: &Value, own: &str) -> bool {
    let namespace = text(pod, "/metadata/namespace");
    let is_there = match peer.get("namespaceSelector") {
        Some(selector) => {
            let labels =
                json!({ "metadata": { "labels": { "kubernetes.io/metadata.name": namespace } } });
            selects(Some(selector), &labels)
        }
        None => peer.get("podSelector").is_some() && namespace == own,
    };
    is_there && selects(peer.get("podSelector"), pod)
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
