//! DNS settings of the pod that do not know the cluster's names.

use serde_json::json;

use crate::causes::fields::template_spec;
use crate::causes::running::told::{not_ready, pods_in_words, told_as};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_spec;
use crate::texts::{Found, Proxy, What};
use crate::way::Case;
use crate::way::running::Unwell;

declare_check! {
    /// The pod's DNS settings keep the proxy from resolving istiod.
    ///
    /// ## What it finds
    /// istio-proxy is not ready, its log says that istiod's name does not resolve, and the pod's `dnsPolicy` is
    /// `Default` or `None`.
    ///
    /// ## Why it matters
    /// With `dnsPolicy: Default` the pod asks the DNS of the node, which does not know the Services of the cluster; with
    /// `None` it asks what `dnsConfig` names. The injector writes a line into istiod's log and injects nevertheless.
    ///
    /// ## How to fix it
    /// Set `dnsPolicy: ClusterFirst` in the pod template, as the printed command does; or, with `None`, name a server
    /// in `dnsConfig` that knows the cluster's names.
    ///
    /// ## References
    /// - Kubernetes, Pod's DNS policy: <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy>
    "INJ623", "proxy-dns", Running, about Pods,
    run
}

/// The DNS policy that keeps a proxy from resolving a name, where its log says that a name does not resolve.
pub(super) fn policy<'a>(unwell: &Unwell<'a>, found: &Found) -> Option<&'a str> {
    let policy = unwell.pod.spec.as_ref()?.dns_policy.as_deref();
    let is_name = found.what == What::Proxy(Proxy::NoName);
    policy.filter(|policy| is_name && matches!(*policy, "Default" | "None"))
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told_as(case, "proxy-cannot-reach-istiod", |unwell, found| {
        let Some(policy) = policy(unwell, found) else {
            return Ok(None);
        };
        let message = format!(
            "{} of {} cannot get ready: its sidecar cannot resolve the name of istiod, as dnsPolicy {policy} does not ask the cluster's DNS",
            pods_in_words(unwell),
            case.target(),
        );
        let workload = case.workload()?;
        let evidence = template_spec(workload, "dnsPolicy")
            .actual(policy)
            .expected("ClusterFirst");
        Ok(Some(not_ready(case, message).evidence(evidence).fix(
            patch_spec(
                case,
                "ask the DNS of the cluster",
                json!({ "spec": { "dnsPolicy": "ClusterFirst" } }),
                "the pods resolve the names of the cluster's Services",
            )?,
        )))
    })
}
