//! A value that nobody selects.

use crate::causes::called::uncalled;
use crate::causes::fields::namespace_label;
use crate::causes::opposed::opposed;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::label_namespace;
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::asked::{asks, means_no};
use crate::way::{Outcome, names};

declare_check! {
    /// The injection label of the namespace has a value that no webhook selects.
    ///
    /// ## What it finds
    /// Label `istio-injection` is neither `enabled` nor `disabled` exactly: `Enabled`, `true`, `yes`,
    /// `on`, or empty.
    ///
    /// ## Why it matters
    /// Selectors compare letter by letter. A value that none names injects nothing, and the mere
    /// presence of the key keeps every other way to injection shut: `istio.io/rev` on the namespace
    /// and the labels of pods are no longer looked at.
    ///
    /// ## How to heal it
    /// Set the value that the webhook selects, then restart the pods.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ102", "namespace-label-value", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let key = names::ISTIO_INJECTION;
    let Some(value) = what_if.namespace.get(key) else {
        return Ok(Verdict::Passed);
    };
    if matches!(value.as_str(), "enabled" | "disabled") {
        return Ok(Verdict::Passed);
    }
    let severity = if means_no(value) {
        Severity::Info
    } else {
        Severity::Warning
    };
    let name = &case.target().namespace;
    let message =
        format!("label {key} of namespace {name} is {value:?}, which no injection webhook selects");
    let finding = Finding::new(severity, Effect::Decides(Outcome::NotInjected), message)
        .evidence(namespace_label(case, key)?.expected("enabled"));
    let mut finding = match means_no(value) {
        true => opposed(finding, asks(case)?),
        false => finding,
    };
    if let Some(label) = what_if.namespace_label(case)? {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    Ok(Verdict::of([finding]))
}
