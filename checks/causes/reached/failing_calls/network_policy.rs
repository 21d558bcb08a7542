//! A NetworkPolicy keeps the API server from istiod.

use serde_json::json;

use super::cause::Cause;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::policy_words::{in_words, name, none_that, together};
use crate::causes::reached::explanation::object;
use crate::causes::reached::istiod::pod_name;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::facts::kinds::NetworkPolicy;
use crate::report::{
    Change, Effect, Evidence, Finding, Fix, Object, Operation, Patch, Risk, Severity,
};
use crate::way::Case;
use crate::way::reached::{ShutOff, ingress, shut_off};

declare_check! {
    /// A NetworkPolicy keeps the API server from istiod.
    ///
    /// ## What it finds
    /// NetworkPolicies select a pod of istiod, and none of their rules admits the API server to the port on which
    /// istiod serves its webhooks: each is for other ports, or for pods and namespaces only, and the API server is
    /// no pod. Where calls of the webhook time out or are refused, and nothing else is in their way, that is why. Before any call has
    /// failed it is told as a risk, since not every network enforces policies, and some admit the API server all the
    /// same. A rule with a block of addresses may admit it; then nothing is found. Policies in other kinds, as
    /// Cilium and Calico have them, are not looked at.
    ///
    /// ## Why it matters
    /// Calls end in a timeout, and pods that the webhook selects are rejected. istiod is ready and sees no request.
    /// Connections that are open when a policy comes stay open for a while, so the failure may come hours later.
    /// Policies are applied to the port of the pod, 15017; to allow the port of the Service, 443, does nothing.
    ///
    /// ## How to fix it
    /// Admit everybody to port 15017 of istiod: the API server's address is not the same in every cluster, and with
    /// konnectivity the call comes from a pod of its agent. Nothing but webhooks is served there, over TLS.
    ///
    /// ## References
    /// - Kubernetes, Network policies: <https://kubernetes.io/docs/concepts/services-networking/network-policies/>
    /// - Istio, Ports used by Istio:
    ///   <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>
    "INJ219", "network-policy", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    match judge(case, Cause::NetworkPolicy, explain)? {
        Verdict::Failed(findings) => Ok(Verdict::Failed(findings)),
        Verdict::Passed | Verdict::NotApplicable(_) => risk(case),
    }
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let service = failing.destination.service();
    let shut = service.map_or(Ok(None), |service| shut_off(case, service))?;
    let shut = shut.ok_or_else(|| Missing("no policy shuts istiod off".to_owned()))?;
    Ok(Explained {
        words: format!("because {}: {}", sentence(&shut), failing.failure.message),
        evidence: evidence(&shut),
        fixes: admit(&shut).into_iter().collect(),
    })
}

/// No call has failed so far.
fn risk(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| {
            let service = destination.service();
            let shut = service.map_or(Ok(None), |service| shut_off(case, service))?;
            Ok(shut.map(|shut| {
                let message = format!(
                    "calls of {} time out where the network enforces this: {}",
                    destination.name(),
                    sentence(&shut)
                );
                let finding = Finding::new(Severity::Info, Effect::Beside, message);
                let finding = evidence(&shut).into_iter().fold(finding, Finding::evidence);
                admit(&shut).into_iter().fold(finding, Finding::fix)
            }))
        });
    }
    found.verdict()
}

fn sentence(shut: &ShutOff) -> String {
    let rule = format!("admits the API server to port {}", shut.port);
    none_that(&shut.policies, pod_name(shut.pod), &rule)
}

fn evidence(shut: &ShutOff) -> Vec<Evidence> {
    let expected = format!("a rule for port {} without `from`", shut.port);
    let of = |policy: &&NetworkPolicy| {
        let namespace = policy.metadata.namespace.as_deref().unwrap_or_default();
        let object = object("networkpolicy", name(policy), namespace);
        let rules = ingress(policy).iter();
        let rules = rules.map(|rule| in_words(rule.ports.as_deref(), "from", rule.from.as_deref()));
        let rules: Vec<_> = rules.collect();
        let set = if rules.is_empty() {
            "podSelector"
        } else {
            "ingress"
        };
        Evidence::new(object, ".spec.ingress")
            .actual(together(&rules))
            .expected(&expected)
            .set_in(&policy.metadata, &["spec", set])
    };
    shut.policies.iter().map(of).collect()
}

/// Adds a rule to the first of the policies: what any of them admits gets in.
fn admit(shut: &ShutOff) -> Option<Fix> {
    let policy = *shut.policies.first()?;
    let rule = json!({ "ports": [{ "port": shut.port, "protocol": "TCP" }] });
    let has_rules = policy.spec.as_ref()?.ingress.is_some();
    let operation = if has_rules {
        Operation::Add("/spec/ingress/-".to_owned(), rule)
    } else {
        Operation::Add("/spec/ingress".to_owned(), json!([rule]))
    };
    let namespace = policy.metadata.namespace.as_deref()?;
    let object = Object::new("NetworkPolicy", namespace, name(policy));
    let title = format!(
        "let NetworkPolicy {} admit everybody to port {}",
        name(policy),
        shut.port
    );
    let changes = "calls of the webhook arrive at istiod; the port is open in all pods that the policy selects";
    let fix = Fix::new(title, Risk::MeshWide, changes);
    Some(fix.change(
        Change::new(object, Patch::Operations(vec![operation])),
        policy,
    ))
}
