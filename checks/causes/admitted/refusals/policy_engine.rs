//! Pods that a policy refuses for their sidecar.

use crate::advice::is_name;
use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Evidence, Fix, Risk};
use crate::texts::{Denied, Key, What};
use crate::way::Case;

declare_check! {
    /// A ValidatingAdmissionPolicy, Kyverno, Gatekeeper or another webhook refuses the sidecar.
    ///
    /// ## What it finds
    /// Pods are refused after injection with `ValidatingAdmissionPolicy '...' ... denied request`, or with `admission
    /// webhook "..." denied the request` by another webhook than Istio's; the text names what only the sidecar brings:
    /// istio-init, istio-proxy, NET_ADMIN, NET_RAW, user 1337, the image or a volume. The template of the pods was not
    /// changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. Policies see the pod with its sidecar. A rule about capabilities, users, registries, probes
    /// or resources was written for applications and holds for every container.
    ///
    /// ## How to fix it
    /// Exempt the sidecar's containers or images in the policy; in Gatekeeper's library by `exemptImages`, in Kyverno by
    /// an `exclude` or a PolicyException, in a ValidatingAdmissionPolicy by its expression or by a match condition. Where
    /// the rule is about capabilities or root, the CNI plugin makes it hold, as istio-init is not needed then:
    ///
    /// ```sh
    /// kubectl get clusterpolicies      # Kyverno
    /// kubectl get constraints          # Gatekeeper
    /// helm install istio-cni istio/cni -n istio-system --wait
    /// helm upgrade istiod istio/istiod -n istio-system --reuse-values --set pilot.cni.enabled=true
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Validating admission policies:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/>
    /// - Kyverno, Policy exceptions: <https://kyverno.io/docs/exceptions/>
    /// - Gatekeeper, Pod security policies library: <https://open-policy-agent.github.io/gatekeeper-library/website/>
    /// - Istio, Install the CNI node agent: <https://istio.io/latest/docs/setup/additional-setup/cni/>
    "INJ506", "policy-engine", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let value = |key| found.value(key).unwrap_or_default();
        let is_policy = matches!(found.what, What::Denied(Denied::Policy { .. }));
        let (kind, name) = match is_policy {
            true => ("validatingadmissionpolicy", value(Key::Policy)),
            false => ("webhook", value(Key::Webhook)),
        };
        let message = format!(
            "{kind} {name} refuses the pods of {} for what their sidecar brings: {}",
            case.target(),
            value(Key::Reason)
        );
        let mut finding = rejected(message);
        if is_policy {
            let evidence = Evidence::new(format!("{kind}/{name}"), ".spec.validations");
            finding = finding.evidence(evidence);
        }
        let words = match is_policy {
            // The name is what a text says.
            true if is_name(name) => vec!["get", kind, name, "-o", "yaml"],
            true => vec!["get", "validatingadmissionpolicies"],
            // The text names the entry, and not the configuration that has it.
            false => vec![
                "get",
                "validatingwebhookconfigurations,mutatingwebhookconfigurations",
                "-o",
                "custom-columns=CONFIGURATION:.metadata.name,WEBHOOKS:.webhooks[*].name",
            ],
        };
        let title = match is_policy {
            true => "see the policy",
            false => "see whose webhook it is",
        };
        let changes = "nothing: exempt the containers of Istio in the policy, or install the CNI plugin so that istio-init is not needed";
        Ok(finding.fix(Fix::new(title, Risk::ReadOnly, changes).show(Command::kubectl(words))))
    })
}
