//! Pods with a volume or a mount that the sidecar needs for itself.

use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Evidence, Fix, Risk};
use crate::texts::{Key, RESERVED_VOLUMES};
use crate::way::Case;

declare_check! {
    /// The pod has a volume or a mount whose name or path the sidecar needs.
    ///
    /// ## What it finds
    /// Pods are refused with `may not specify more than 1 volume type`, with `Duplicate value` for a volume of the
    /// sidecar, or with `must be unique` for a mount path of the sidecar, and the template of the pods was not changed
    /// since.
    ///
    /// ## Why it matters
    /// There are no new pods. Istio's volumes are merged into the pod by name: `istio-envoy`, `istio-data`,
    /// `istio-podinfo`, `istio-token`, `istiod-ca-cert`, `istio-ca-crl`, `workload-socket`, `credential-socket`,
    /// `workload-certs`. A volume of the application with such a name becomes one with two sources.
    ///
    /// ## How to fix it
    /// Rename the volume and its mounts in the template; if it is left of a manual injection, remove it:
    ///
    /// ```sh
    /// kubectl edit deployment/NAME -n NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Istio, Customizing injection:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#customizing-injection>
    "INJ509", "reserved-volume", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let workload = case.workload()?;
        let field = found.value(Key::Field).unwrap_or_default();
        let reason = found.value(Key::Reason).unwrap_or_default();
        let own = workload.template.spec.volumes.iter().flatten();
        let own: Vec<_> = own
            .map(|volume| volume.name.as_str())
            .filter(|name| RESERVED_VOLUMES.contains(name))
            .collect();
        let which = match own.as_slice() {
            [] => String::new(),
            names => format!(
                "; the template has {}, a name of the sidecar's volumes",
                names.join(", ")
            ),
        };
        let message = format!(
            "the pods of {} have a volume or mount that the sidecar needs for itself: {field}: {reason}{which}",
            case.target()
        );
        let path = workload.template_path();
        let evidence = Evidence::new(workload.reference(), format!("{path}.spec.volumes"));
        let evidence = evidence.actual(own.join(", "));
        let template = format!(
            "jsonpath={{{path}.spec.volumes[*].name}}{{\"\\n\"}}{{{path}.spec.containers[*].volumeMounts}}{{\"\\n\"}}"
        );
        let fix = Fix::new(
            "see the volumes and mounts of the template",
            Risk::ReadOnly,
            "nothing: rename the volume and its mounts in the template, or remove what a manual injection left",
        );
        let namespace = case.target().namespace.as_str();
        let reference = workload.reference();
        let words = ["get", &reference, "-n", namespace, "-o", &template];
        Ok(rejected(message)
            .evidence(evidence)
            .fix(fix.show(Command::kubectl(words))))
    })
}
