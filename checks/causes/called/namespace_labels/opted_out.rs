//! The namespace opts out.

use crate::causes::called::uncalled;
use crate::causes::fields::namespace_label;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::label_namespace;
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::{Outcome, names};

declare_check! {
    /// The namespace opts out with istio-injection=disabled.
    ///
    /// ## What it finds
    /// Label `istio-injection` of the namespace is `disabled`.
    ///
    /// ## Why it matters
    /// No selector of a stock injection webhook matches such a namespace, whatever its pods say. As a
    /// rule somebody wanted that.
    ///
    /// ## How to heal it
    /// Nothing needs healing where it is intended. Else label the namespace, and restart the pods.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ104", "namespace-opted-out", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let key = names::ISTIO_INJECTION;
    if what_if
        .namespace
        .get(key)
        .is_none_or(|value| value != "disabled")
    {
        return Ok(Verdict::Passed);
    }
    let name = &case.target().namespace;
    let message = format!("namespace {name} opts out of injection: label {key} is \"disabled\"");
    let mut finding = Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(namespace_label(case, key)?);
    if let Some(label) = what_if.namespace_label() {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    Ok(Verdict::of([finding]))
}
