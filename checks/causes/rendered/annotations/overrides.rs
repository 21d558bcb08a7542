//! What an earlier injection wrote about the pod's own containers.

use super::left_over::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::{Case, Refusal, names};

declare_check! {
    /// Annotation proxy.istio.io/overrides of the pod template is none that istiod can read.
    ///
    /// ## What it finds
    /// The annotation is no JSON, or its `containers` and `initContainers` are no lists of containers.
    ///
    /// ## Why it matters
    /// istiod refuses the pod, and so does the API server, whatever failurePolicy says: no pod is made. istiod writes the
    /// annotation itself into injected pods, to remember what their own istio-proxy container said. It does not belong into
    /// a template: it came there with a copied pod, and was edited or cut.
    ///
    /// ## How to fix it
    /// Take it out of the template, together with `sidecar.istio.io/status`, which came with it. To change the sidecar,
    /// write a container `istio-proxy` into the template.
    ///
    /// ## References
    /// - Istio, Customizing injection:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#customizing-injection>
    /// - Istio 1.31, `pkg/kube/inject/webhook.go`, `reinsertOverrides`
    "INJ404", "overrides-invalid", Rendered, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, names::OVERRIDES, |refusal| {
        matches!(refusal, Refusal::Overrides(_))
    })
}
