//! Static pods.

use crate::causes::opposed::opposed;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::asked::pod_asks;
use crate::way::{Outcome, is_static};

declare_check! {
    /// A static pod cannot be injected.
    ///
    /// ## What it finds
    /// The pod carries annotation `kubernetes.io/config.mirror`: the kubelet runs it from a file on its
    /// node, and what the API server holds is only its mirror.
    ///
    /// ## Why it matters
    /// Admission can change the mirror, but never the pod that runs.
    ///
    /// ## How to fix it
    /// Nothing fixes it. Run the program as a Deployment or a DaemonSet if it needs a sidecar.
    ///
    /// ## References
    /// - Kubernetes, Static pods: <https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/>
    "INJ120", "static-pod", Called, about Pods, rank Excluded,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if !is_static(case)? {
        return Ok(Verdict::Passed);
    }
    let workload = case.workload()?;
    let node = workload
        .template
        .spec
        .node_name
        .as_deref()
        .unwrap_or("its node");
    let message = format!(
        "{} is the mirror of a static pod, which the kubelet of {node} runs from a file",
        workload.reference()
    );
    let evidence = Evidence::new(
        workload.reference(),
        ".metadata.annotations['kubernetes.io/config.mirror']",
    )
    .actual("set");
    let asked = pod_asks(case)?;
    let fix = asked.as_ref().map(|_| {
        Fix::new(
            "run the pod by a DaemonSet, or take the request out of the file",
            Risk::RestartsPods,
            "the API server creates a DaemonSet's pods, and calls the webhook for them",
        )
    });
    let finding = Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(evidence);
    let mut finding = opposed(finding, asked);
    finding.fixes.extend(fix);
    Ok(Verdict::of([finding]))
}
