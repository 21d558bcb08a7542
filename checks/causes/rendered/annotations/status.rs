//! What an earlier injection wrote about its own work.

use super::left_over::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::{Case, Refusal, names};

declare_check! {
    /// Annotation sidecar.istio.io/status of the pod template makes istiod's handler crash.
    ///
    /// ## What it finds
    /// The annotation is a JSON object whose `containers` or `initContainers` are something else than a list of names. Text that
    /// is no JSON at all does no harm.
    ///
    /// ## Why it matters
    /// The connection breaks off: the API server says `EOF`, and refuses the pod, or with failurePolicy `Ignore` makes it
    /// without a sidecar. istiod's log has a panic. istiod writes the annotation itself; in a template it came with a copied
    /// pod, and was changed there.
    ///
    /// ## How to fix it
    /// Take it out of the template, together with `proxy.istio.io/overrides`, which came with it.
    ///
    /// ## References
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    /// - Istio 1.31, `pkg/kube/inject/webhook.go`, `parseStatus`
    "INJ405", "status-annotation-invalid", Rendered, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, names::STATUS, |refusal| {
        matches!(refusal, Refusal::Status(_))
    })
}
