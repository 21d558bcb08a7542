//! Do NetworkPolicies let the API server in to istiod?
//!
//! The API server is no pod, so that selectors of pods and namespaces do not mean it; a block of addresses may.

use crate::facts::kinds::Pod;
use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyIngressRule};

use super::Obstacle;
use super::backend::{backends, ports_named};
use super::endpoints::endpoints;
use crate::facts::Missing;
use crate::way::Case;
use crate::way::network_policies::{Direction, isolating, open};

/// A pod of istiod that does not let the API server in.
#[derive(Clone, Debug)]
pub struct ShutOff<'a> {
    /// The pod.
    pub pod: &'a Pod,
    /// The port of the pod that is called.
    pub port: i32,
    /// The policies that select it, none of which admits the API server; at least one.
    pub policies: Vec<&'a NetworkPolicy>,
}

/// The first pod behind a Service that NetworkPolicies shut off from the API server.
///
/// # Errors
/// [`Missing`] where the policies, or what stands behind the Service, were not read.
pub fn shut_off<'a>(
    case: &Case<'a>,
    service: &ServiceReference,
) -> Result<Option<ShutOff<'a>>, Missing> {
    let policies = case.network_policies(&service.namespace)?;
    if policies.is_empty() {
        return Ok(None);
    }
    let Ok(endpoints) = endpoints::<Obstacle>(case, service)? else {
        return Ok(None);
    };
    let istiods = backends(case, service, &endpoints)?.istiods;
    let mut shut = istiods.into_iter().filter_map(|(port, _, pod)| {
        let policies = shutting(policies, pod, port);
        let first = ShutOff {
            pod,
            port,
            policies,
        };
        (!first.policies.is_empty()).then_some(first)
    });
    Ok(shut.next())
}

/// The policies that select a pod, where none of them admits the API server to a port of it.
fn shutting<'a>(policies: &'a [NetworkPolicy], pod: &Pod, port: i32) -> Vec<&'a NetworkPolicy> {
    let isolating = isolating(policies, pod, Direction::Ingress);
    let mut rules = isolating.iter().flat_map(|policy| ingress(policy));
    match rules.any(|rule| may_admit(rule, pod, port)) {
        true => Vec::new(),
        false => isolating,
    }
}

/// The rules of a policy for what comes in.
pub fn ingress(policy: &NetworkPolicy) -> &[NetworkPolicyIngressRule] {
    let spec = policy.spec.as_ref();
    spec.and_then(|spec| spec.ingress.as_deref())
        .unwrap_or_default()
}

/// Whether a rule admits somebody who is no pod to a port. Whether the API server's address is in a block is not known.
fn may_admit(rule: &NetworkPolicyIngressRule, pod: &Pod, port: i32) -> bool {
    let from = rule.from.as_deref().unwrap_or_default();
    (from.is_empty() || from.iter().any(|peer| peer.ip_block.is_some()))
        && open(rule.ports.as_deref(), "TCP", port, |name| {
            ports_named(pod, name).any(|one| one == port)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Whether a policy with this spec shuts port 15017 of a pod of istiod off.
    fn shuts(spec: &Value) -> bool {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "labels": { "app": "istiod" } },
            "spec": { "containers": [{ "name": "discovery", "ports": [
                { "name": "https-webhook", "containerPort": 15017 },
                { "name": "grpc-xds", "containerPort": 15010 },
            ] }] },
        }))
        .unwrap();
        let policy = serde_json::from_value(json!({ "metadata": {}, "spec": spec })).unwrap();
        !shutting(&[policy], &pod, 15017).is_empty()
    }

    #[test]
    fn a_rule_admits_by_peer_protocol_and_port_of_the_pod() {
        let rule = |rule: Value| json!({ "podSelector": {}, "ingress": [rule] });
        for (spec, expected) in [
            (json!({ "podSelector": {} }), true),
            (
                json!({ "podSelector": {}, "policyTypes": ["Egress"] }),
                false,
            ),
            (
                json!({ "podSelector": { "matchLabels": { "app": "x" } } }),
                false,
            ),
            (rule(json!({})), false),
            (rule(json!({ "ports": [{ "port": 15017 }] })), false),
            (rule(json!({ "ports": [{ "port": 443 }] })), true),
            (
                rule(json!({ "ports": [{ "port": 15010, "endPort": 15020 }] })),
                false,
            ),
            (
                rule(json!({ "ports": [{ "port": 15010, "endPort": 15014 }] })),
                true,
            ),
            (
                rule(json!({ "ports": [{ "port": "https-webhook" }] })),
                false,
            ),
            (rule(json!({ "ports": [{ "port": "grpc-xds" }] })), true),
            (
                rule(json!({ "ports": [{ "port": 15017, "protocol": "UDP" }] })),
                true,
            ),
            (rule(json!({ "from": [{ "namespaceSelector": {} }] })), true),
            (
                rule(json!({ "from": [{ "ipBlock": { "cidr": "10.0.0.0/8" } }] })),
                false,
            ),
        ] {
            assert_eq!(shuts(&spec), expected, "{spec}");
        }
    }
}
