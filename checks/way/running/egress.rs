//! Do NetworkPolicies let the sidecar of a pod out to istiod?

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPeer};

use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::way::Case;
use crate::way::network_policies::{Direction, isolating, open};

/// The port of istiod that sidecars call. Source: Istio, Ports used by Istio.
pub const XDS: i32 = 15012;

/// The port of the cluster's DNS.
pub const DNS: i32 = 53;

/// The label by which every namespace has its name. Source: Kubernetes 1.21, well-known labels.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// What keeps a pod in.
#[derive(Clone, Debug)]
pub struct ShutIn<'a> {
    /// The policies that select the pod, none of which lets it out to istiod; at least one.
    pub policies: Vec<&'a NetworkPolicy>,
    /// Whether none of them lets it out to DNS either.
    pub from_dns: bool,
    /// The namespaces in which the istiods are that inject the workload.
    pub istiods: BTreeSet<String>,
}

/// The NetworkPolicies that keep a pod from istiod; none where a rule may let it out.
///
/// # Errors
/// [`Missing`] where the policies were not read, or it is not known which istiod injects.
pub fn shut_in<'a>(case: &Case<'a>, pod: &Pod) -> Result<Option<ShutIn<'a>>, Missing> {
    let own = case.target().namespace.as_str();
    let policies = isolating(case.network_policies(own)?, pod, Direction::Egress);
    let destinations = case.destinations()?;
    let services = destinations.all.iter().filter_map(|one| one.service());
    let istiods: BTreeSet<_> = services.map(|service| service.namespace.clone()).collect();
    let rules = || policies.iter().flat_map(|policy| egress(policy));
    // Which port of istiod has a name is for its pods to say.
    let lets_out = |rule: &NetworkPolicyEgressRule| {
        let peers = rule.to.as_deref().unwrap_or_default();
        open(rule.ports.as_deref(), "TCP", XDS, |_| true)
            && (peers.is_empty() || peers.iter().any(|one| may_mean(one, own, &istiods)))
    };
    if policies.is_empty() || istiods.is_empty() || rules().any(lets_out) {
        return Ok(None);
    }
    let from_dns = !rules().any(|rule| open(rule.ports.as_deref(), "UDP", DNS, |_| true));
    Ok(Some(ShutIn {
        policies,
        from_dns,
        istiods,
    }))
}

/// The rules of a policy for what goes out.
pub fn egress(policy: &NetworkPolicy) -> &[NetworkPolicyEgressRule] {
    let spec = policy.spec.as_ref();
    spec.and_then(|spec| spec.egress.as_deref())
        .unwrap_or_default()
}

/// Whether a peer can be istiod: only where it cannot is certain. Which address is in a block, and which other labels a
/// namespace has, is not looked at.
fn may_mean(peer: &NetworkPolicyPeer, own: &str, istiods: &BTreeSet<String>) -> bool {
    match (&peer.ip_block, &peer.namespace_selector) {
        (Some(_), _) => true,
        (None, None) => istiods.contains(own),
        (None, Some(selector)) => {
            let labels = selector.match_labels.as_ref();
            let name = labels.and_then(|labels| labels.get(NAMESPACE_NAME));
            name.is_none_or(|name| istiods.contains(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_peer_is_not_istiod_only_where_that_is_certain() {
        let named =
            |name: &str| json!({"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: name}}});
        let table: [(Value, bool); 6] = [
            (json!({"ipBlock": {"cidr": "10.0.0.0/8"}}), true),
            (json!({"podSelector": {}}), false),
            (json!({"namespaceSelector": {}}), true),
            (
                json!({"namespaceSelector": {"matchLabels": {"team": "mesh"}}}),
                true,
            ),
            (named("istio-system"), true),
            (named("shop"), false),
        ];
        let istiods = BTreeSet::from(["istio-system".to_owned()]);
        for (peer, expected) in table {
            let read = serde_json::from_value(peer.clone()).unwrap();
            assert_eq!(may_mean(&read, "shop", &istiods), expected, "{peer}");
        }
    }
}
