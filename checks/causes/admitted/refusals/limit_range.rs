//! Pods that a LimitRange refuses.

use crate::causes::told_refusal::{pod_in_words, rejected, show, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Missing, Resource};
use crate::report::Evidence;
use crate::texts::Key;
use crate::way::Case;

declare_check! {
    /// A LimitRange of the namespace refuses the resources of the sidecar, or of another container.
    ///
    /// ## What it finds
    /// Pods are refused with `maximum cpu usage per Container is ...`, `minimum memory usage ...` or a ratio of limit to
    /// request, and the template of the pods was not changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. The range holds for every container, also for istio-proxy and istio-init, with the
    /// requests and limits of the installation.
    ///
    /// ## How to fix it
    /// Give the proxy resources within the range, by all four annotations `sidecar.istio.io/proxyCPU`, `proxyCPULimit`,
    /// `proxyMemory` and `proxyMemoryLimit`: as soon as one of them is set, the resources of the installation do not
    /// count any more. Or change the range. Where the figure is that of a container of the application, change that.
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"annotations":{"sidecar.istio.io/proxyCPU":"50m","sidecar.istio.io/proxyCPULimit":"200m","sidecar.istio.io/proxyMemory":"64Mi","sidecar.istio.io/proxyMemoryLimit":"256Mi"}}}}}'
    /// kubectl edit limitrange NAME -n NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Limit ranges: <https://kubernetes.io/docs/concepts/policy/limit-range/>
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    "INJ503", "limit-range", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let namespace = &case.target().namespace;
        let because = found.value(Key::Reason).unwrap_or_default();
        let message = format!(
            "a LimitRange of namespace {namespace} refuses {}: {because}",
            pod_in_words(case)
        );
        let mut finding = rejected(message);
        // The text does not name the range.
        let ranges = case.limits(Resource::LimitRange).unwrap_or_default();
        let names: Vec<_> = ranges
            .iter()
            .filter_map(|one| one.name.as_deref())
            .collect();
        for name in &names {
            let evidence =
                Evidence::new(format!("limitrange/{name} -n {namespace}"), ".spec.limits");
            finding = finding.evidence(evidence);
        }
        let shows = "nothing: it shows the least and the most that a container may ask for";
        Ok(finding.fix(show(case, "limitrange", &names, shows)))
    })
}
