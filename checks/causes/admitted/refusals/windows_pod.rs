//! Pods for Windows that get a sidecar of Linux.

use crate::causes::fields::template_spec;
use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Field, Finding};
use crate::texts::Key;
use crate::way::{Case, names};

const WINDOWS: &str = "windows";

declare_check! {
    /// A pod for Windows is injected, though the sidecar is one of Linux.
    ///
    /// ## What it finds
    /// `spec.os.name` of the pod template is `windows`, and the pod would be injected; or pods are refused with
    /// `cannot be set for a windows pod`, and the template was not changed since.
    ///
    /// ## Why it matters
    /// istiod does not look at the operating system of a pod. The sidecar's containers have settings that Windows does not
    /// know, and the API server refuses the pods. Where only the nodeSelector asks for Windows, they are created, and wait for
    /// ever for an image that there is for Linux only; that is not found.
    ///
    /// ## How to fix it
    /// Opt the workload out:
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"labels":{"sidecar.istio.io/inject":"false"}}}}}'
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Windows containers: <https://kubernetes.io/docs/concepts/windows/intro/>
    "INJ516", "windows-pod", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let told = told(case, &CHECK, |found| {
        let field = found.value(Key::Field).unwrap_or_default();
        finding(case, &format!(": {field}"))
    })?;
    match told {
        Verdict::Passed | Verdict::NotApplicable(_) if is_expected(case)? => {
            Ok(Verdict::of([finding(case, "")?]))
        }
        told => Ok(told),
    }
}

/// Whether the next pod will be refused for that.
fn is_expected(case: &Case) -> Result<bool, Missing> {
    Ok(is_for_windows(case)? && case.prediction().invalid_once_injected().is_some())
}

/// Whether the pods are for Windows.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub(super) fn is_for_windows(case: &Case) -> Result<bool, Missing> {
    let os = case.workload()?.template.spec.os.as_ref();
    Ok(os.is_some_and(|os| os.name == WINDOWS))
}

fn finding(case: &Case, field: &str) -> Result<Finding, Missing> {
    let message = format!(
        "the API server refuses the pods of {}, as they are for Windows, and their sidecar has settings that only Linux knows{field}",
        case.target()
    );
    let evidence = template_spec(case.workload()?, "os").actual(WINDOWS);
    let opt_out = patch_template(
        case,
        "opt these pods out of injection",
        &[(Field::Labels, names::INJECT, Some("false"))],
        "the pods start without a sidecar",
    )?;
    Ok(rejected(message)
        .evidence(evidence)
        .fix(opt_out.without_sidecar()))
}
