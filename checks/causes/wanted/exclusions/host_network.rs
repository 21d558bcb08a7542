//! Pods in the host's network.

use serde_json::json;

use crate::causes::fields::template_spec;
use crate::causes::static_pods::of_static;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{patch_spec, patch_template};
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::asked::pod_asks;
use crate::way::{Outcome, names};

declare_check! {
    /// The pod shares the host's network, and istiod never injects such pods.
    ///
    /// ## What it finds
    /// `hostNetwork: true` in the pod template.
    ///
    /// ## Why it matters
    /// The sidecar redirects the traffic of its pod by rules of the pod's network, which here is the
    /// node's: it would cut off the node. So istiod declines before it looks at anything else, also
    /// where a label says `sidecar.istio.io/inject=true`, and leaves no trace of that on the pod. But
    /// it is asked all the same: while istiod is down, such pods of a labelled namespace are refused.
    ///
    /// ## How to fix it
    /// Where the pod needs the sidecar, take it off the host's network. Agents of the node need the
    /// host's network, and no sidecar: let them opt out in a label, so that istiod is not asked.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `injectRequired`
    /// - Istio, Application requirements: <https://istio.io/latest/docs/ops/deployment/application-requirements/>
    "INJ301", "host-network", Wanted, about Pods, rank Excluded,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if let Some(verdict) = of_static(case)? {
        return Ok(verdict);
    }
    let workload = case.workload()?;
    if workload.template.spec.host_network != Some(true) {
        return Ok(Verdict::Passed);
    }
    let asks = pod_asks(case)?;
    let severity = if asks.is_some() {
        Severity::Warning
    } else {
        Severity::Info
    };
    let message = "the pod has hostNetwork: true, and istiod injects no pod of the host's network, whatever requests it";
    let evidence = template_spec(workload, "hostNetwork")
        .actual("true")
        .expected("false");
    let finding =
        Finding::new(severity, Effect::Decides(Outcome::NotInjected), message).evidence(evidence);
    let leave = patch_spec(
        case,
        "take the pod off the host's network",
        json!({ "spec": { "hostNetwork": null } }),
        "new pods have an address of their own and can be injected; they no longer see the node's interfaces and ports, which agents of the node need",
    )?;
    let opt_out = patch_template(
        case,
        "keep the host's network, and opt out of injection",
        &[(Field::Labels, names::INJECT, Some("false"))],
        "the pods stay without a sidecar; istiod is no longer asked about them, so they start also while it is down",
    )?
    .without_sidecar();
    Ok(Verdict::of([match asks {
        Some(asks) => finding.evidence(asks.evidence).fix(leave).fix(opt_out),
        None => finding.fix(opt_out).fix(leave),
    }]))
}
