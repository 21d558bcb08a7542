//! The pod names a revision, and that asks.

use super::own_label::{asked_by_pod_alone, finding};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Kind, Missing};
use crate::way::asked::Means;
use crate::way::{Case, names};

declare_check! {
    /// Only the pod's label istio.io/rev asks for injection, in a namespace that does not ask.
    ///
    /// ## What it finds
    /// The pod names a revision in label `istio.io/rev`, and has no label `sidecar.istio.io/inject` that asks. The
    /// namespace does not ask, and without the pod's label no webhook would be called. Gateways, which name a
    /// template of their own, are not meant.
    ///
    /// ## Why it matters
    /// The label of a pod selects as much as that of a namespace: the pod gets a sidecar although its namespace is
    /// not labelled. The label may have come with a manifest that was copied from an injected pod or from a gateway,
    /// or was meant to say only which revision.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where the sidecar is wanted. Else remove the label from the template.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ315", "pod-revision-opts-in", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let said: Vec<_> = case
        .said_of_pods()?
        .iter()
        .filter(|one| one.is_label_of_template())
        .collect();
    let asks = said.iter().any(|one| one.means == Means::Inject);
    let names_revision = said.iter().any(|one| one.key == names::ISTIO_REV);
    if asks || !names_revision || is_injected_already(case)? {
        return Ok(Verdict::Passed);
    }
    Ok(match asked_by_pod_alone(case, &[names::ISTIO_REV])? {
        Ok(()) => Verdict::of([finding(case, names::ISTIO_REV)?]),
        Err(verdict) => verdict,
    })
}

/// Whether the target is a pod that has its sidecar: istiods of old versions write the label themselves.
fn is_injected_already(case: &Case) -> Result<bool, Missing> {
    let workload = case.workload()?;
    let annotations = workload.template.metadata.annotations.as_ref();
    let has_sidecar = annotations.is_some_and(|all| all.contains_key(names::STATUS));
    Ok(workload.kind == Kind::Pod && has_sidecar)
}
