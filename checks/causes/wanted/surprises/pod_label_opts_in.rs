//! The pod's own label asks.

use super::own_label::{asked_by_pod_alone, finding};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::asked::Means;
use crate::way::{Case, names};

declare_check! {
    /// The pod is injected because of its own label, in a namespace that is not labelled.
    ///
    /// ## What it finds
    /// Label `sidecar.istio.io/inject` of the pod asks for injection. The namespace does not ask, and without the
    /// pod's label no webhook would be called. Gateways, which name a template of their own, are not meant.
    ///
    /// ## Why it matters
    /// All is as designed: the label asks for injection by the default revision. Other pods of the namespace have no
    /// sidecar, which may surprise who looks at one of them. Teams that bring single workloads into the mesh set it.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where the sidecar is wanted. Else remove the label; the pods are replaced.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ314", "pod-label-opts-in", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let said = case.said_of_pods()?.iter();
    let mut said = said.filter(|one| one.key == names::INJECT && one.means == Means::Inject);
    match said.any(|one| one.is_label_of_template()) {
        true => Ok(
            match asked_by_pod_alone(case, &[names::INJECT, names::ISTIO_REV])? {
                Ok(()) => Verdict::of([finding(case, names::INJECT)?]),
                Err(verdict) => verdict,
            },
        ),
        false => Ok(Verdict::Passed),
    }
}
