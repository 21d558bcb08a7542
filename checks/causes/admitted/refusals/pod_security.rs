//! Pods that Pod Security refuses for their sidecar.

use crate::causes::fields::namespace_label;
use crate::causes::told_refusal::{rejected, show, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::relabel_namespace;
use crate::report::{Fix, Risk};
use crate::texts::{Denied, Key, What};
use crate::way::Case;

declare_check! {
    /// Pod Security refuses the sidecar: mostly istio-init, because it wants NET_ADMIN, NET_RAW and root.
    ///
    /// ## What it finds
    /// Pods are refused after injection with `violates PodSecurity "baseline:latest"` or `"restricted:latest"`, the text
    /// names a container of Istio, and neither the namespace nor the template of the pods was changed since. Refusals
    /// by PodSecurityPolicies, before Kubernetes 1.25, and by the plugin SecurityContextDeny count as well.
    ///
    /// ## Why it matters
    /// There are no new pods. Without the CNI plugin, istio-init sets up the redirection of traffic, which takes
    /// capabilities that the levels baseline and restricted forbid. With the plugin the injector has to know of it:
    /// since Istio 1.24 by `pilot.cni.enabled`, not by `istio_cni.enabled` any more.
    ///
    /// ## How to fix it
    /// Install the CNI plugin and tell the injector, so that istio-init is not needed; or, if that is allowed, lower the
    /// level of the namespace, as the printed command does. The level restricted forbids more, which the text names.
    ///
    /// ```sh
    /// helm install istio-cni istio/cni -n istio-system --wait
    /// helm upgrade istiod istio/istiod -n istio-system --reuse-values --set pilot.cni.enabled=true
    /// ```
    ///
    /// ## References
    /// - Istio, Pod Security Admission: <https://istio.io/latest/docs/setup/additional-setup/pod-security-admission/>
    /// - Kubernetes, Pod Security Standards: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
    "INJ504", "pod-security", Admitted, about Pods,
    run
}

/// The namespace label by which Pod Security refuses pods.
/// Source: Kubernetes 1.36, `k8s.io/pod-security-admission/api/constants.go`.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let reason = found.value(Key::Reason).unwrap_or_default();
        let namespace = &case.target().namespace;
        let What::Denied(Denied::PodSecurity { .. }) = found.what else {
            let message = format!(
                "the API server forbids what the pods of {} need with their sidecar: {reason}",
                case.target()
            );
            let shows = "nothing: it shows what is set for the namespace";
            return Ok(rejected(message).fix(show(case, "namespace", &[namespace], shows)));
        };
        let level = found.value(Key::Level).unwrap_or_default();
        let container = found.value(Key::Container).unwrap_or_default();
        let message = format!(
            "namespace {namespace} is held to Pod Security level {level}, which forbids what container {container} of the sidecar needs: {reason}"
        );
        let fix = Fix::new(
            "allow privileged pods in the namespace, then restart the pods",
            Risk::RestartsPods,
            format!(
                "no pod of {namespace} is refused by Pod Security any more, whatever it asks for"
            ),
        );
        Ok(rejected(message)
            .evidence(namespace_label(case, ENFORCE)?.expected("privileged"))
            .fix(relabel_namespace(
                case,
                fix,
                &[(ENFORCE, Some("privileged"))],
            )?))
    })
}
