//! Pods whose sidecar asks for more than its limit.

use crate::causes::fields::template_field;
use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::Field;
use crate::texts::Key;
use crate::way::Case;
use crate::way::rendered::resources::RESOURCES;

declare_check! {
    /// The proxy's request is above its limit.
    ///
    /// ## What it finds
    /// Pods are refused with `must be less than or equal to cpu limit of ...`, or `memory limit`, and the template of the
    /// pods was not changed since. A container of the application does not come so far: the API server checks it when the
    /// workload is applied.
    ///
    /// ## Why it matters
    /// There are no new pods. Some of the four annotations for the proxy's resources are set in a way that does not fit
    /// together. As soon as one of them is set, the resources of the installation do not count any more.
    ///
    /// ## How to fix it
    /// Raise the limit to the request, as the printed command does, or lower the request. It is best to set all four:
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"annotations":{"sidecar.istio.io/proxyCPU":"100m","sidecar.istio.io/proxyCPULimit":"500m","sidecar.istio.io/proxyMemory":"128Mi","sidecar.istio.io/proxyMemoryLimit":"256Mi"}}}}}'
    /// ```
    ///
    /// ## References
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    /// - Kubernetes, Resource management for pods and containers:
    ///   <https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/>
    "INJ507", "proxy-resources", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let value = |key| found.value(key).unwrap_or_default();
        let (asked, field, reason) = (value(Key::Value), value(Key::Field), value(Key::Reason));
        let message = format!(
            "the sidecar of {} asks for more than its limit: {field}: {reason}",
            case.target()
        );
        let mut finding = rejected(message);
        let words = RESOURCES
            .iter()
            .find(|(resource, ..)| reason.contains(&format!("{resource} limit")));
        let Some((resource, request, limit)) = words else {
            return Ok(finding);
        };
        finding = finding
            .evidence(template_field(case, Field::Annotations, request)?)
            .evidence(template_field(case, Field::Annotations, limit)?.expected(asked));
        if asked.is_empty() {
            return Ok(finding);
        }
        Ok(finding.fix(patch_template(
            case,
            &format!("raise the sidecar's {resource} limit to its request"),
            &[(Field::Annotations, limit, Some(asked))],
            &format!("the sidecar may use as much {resource} as it asks for: {asked}"),
        )?))
    })
}
