//! A value that nobody selects.

use crate::causes::called::uncalled;
use crate::causes::fields::namespace_label;
use crate::causes::opposed::opposed;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::label_namespace;
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::asked::{asks, means_no, means_yes};
use crate::way::{Outcome, names};

declare_check! {
    /// The injection label of the namespace has a value that no webhook selects.
    ///
    /// ## What it finds
    /// Label `istio-injection` is neither `enabled` nor `disabled` exactly: `Enabled`, `true`, `yes`,
    /// `on`, or empty. Where the webhooks may not be read, or somebody's own selects the value, this is an info.
    ///
    /// ## Why it matters
    /// Selectors match exactly and are case-sensitive. A value that none names injects nothing, and the mere
    /// presence of the key keeps every other way to injection shut: `istio.io/rev` on the namespace
    /// and the labels of pods are no longer looked at.
    ///
    /// ## How to fix it
    /// Set the value that the webhook selects, then restart the pods.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ102", "namespace-label-value", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let key = names::ISTIO_INJECTION;
    let what_if = uncalled(case);
    let Some(value) = odd_value(case)? else {
        return what_if.map(|_| Verdict::Passed);
    };
    let what_if = match what_if {
        Ok(Some(what_if)) => what_if,
        // Whoever may not read the webhooks still learns this much.
        _ if means_yes(value) || means_no(value) => {
            return Ok(Verdict::of([beside(case, value)?]));
        }
        other => return other.map(|_| Verdict::Passed),
    };
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

/// The value of the namespace's label, where it is none that Istio knows.
fn odd_value<'a>(case: &Case<'a>) -> Result<Option<&'a str>, Missing> {
    let labels = case
        .namespace()?
        .and_then(|namespace| namespace.metadata.labels.as_ref());
    let value = labels.and_then(|labels| labels.get(names::ISTIO_INJECTION));
    let value = value.map(String::as_str);
    Ok(value.filter(|value| !matches!(*value, "enabled" | "disabled")))
}

/// What is certain of the value, whether or not a webhook is called.
fn beside(case: &Case, value: &str) -> Result<Finding, Missing> {
    let (key, name) = (names::ISTIO_INJECTION, &case.target().namespace);
    let message = format!(
        "label {key} of namespace {name} is {value:?}, and the webhooks that Istio installs select \"enabled\" only"
    );
    let evidence = namespace_label(case, key)?.expected("enabled");
    Ok(Finding::new(Severity::Info, Effect::Beside, message).evidence(evidence))
}
