//! Pods that get the same container twice.

use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Evidence, Fix, Risk};
use crate::texts::{Denied, FieldError, Key, What};
use crate::way::{Answer, Case};

declare_check! {
    /// Two webhooks or policies, or native and classic sidecars at once, add the same container, volume or mount.
    ///
    /// ## What it finds
    /// Pods are refused with `Duplicate value` for the name of a container, of a volume that is not the sidecar's, or for
    /// a mount, and the template of the pods was not changed since. The API server checks the template itself when the
    /// workload is applied, so that it is added on the way.
    ///
    /// ## Why it matters
    /// There are no new pods. Two revisions inject the pod, one with native sidecars and one without; or a webhook of
    /// another vendor is called a second time (`reinvocationPolicy: IfNeeded`) and adds its container again; or a
    /// MutatingAdmissionPolicy adds what the template has. `injected-twice` (INJ310) finds pods that two webhooks of Istio
    /// inject.
    ///
    /// ## How to fix it
    /// Leave one webhook of Istio that selects the pod. For another vendor's, opt the pod out of it, or set its policy to
    /// Never:
    ///
    /// ```sh
    /// istioctl tag remove TAG
    /// kubectl patch mutatingwebhookconfiguration NAME --type=json -p '[{"op":"replace","path":"/webhooks/0/reinvocationPolicy","value":"Never"}]'
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Reinvocation policy:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#reinvocation-policy>
    /// - Kubernetes, Sidecar containers: <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
    "INJ508", "duplicate-container", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let value = |key| found.value(key).unwrap_or_default();
        let what = match found.what {
            What::Denied(Denied::Field(FieldError::DuplicateContainer)) => "container",
            _ => "volume or mount",
        };
        let message = format!(
            "the pods of {} get {what} {} twice on their way: {} has a value that another one has already",
            case.target(),
            value(Key::Value),
            value(Key::Field)
        );
        let mut finding = rejected(message);
        let prediction = case.prediction();
        let called = prediction.calls.iter();
        for call in called.filter(|call| !matches!(call.called, Answer::No(_))) {
            let object = format!("mutatingwebhookconfiguration/{}", call.configuration);
            let path = format!(".webhooks[?(@.name=='{}')].reinvocationPolicy", call.entry);
            finding = finding.evidence(Evidence::new(object, path));
        }
        let fix = Fix::new(
            "see who changes pods",
            Risk::ReadOnly,
            "nothing: it shows the webhooks and whether they are called a second time; let one of them add it",
        );
        Ok(finding.fix(fix.show(Command::kubectl([
            "get",
            "mutatingwebhookconfigurations",
            "-o",
            "custom-columns=CONFIGURATION:.metadata.name,WEBHOOKS:.webhooks[*].name,REINVOCATION:.webhooks[*].reinvocationPolicy",
        ]))))
    })
}
