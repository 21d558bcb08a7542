//! Nobody asks for injection.

use crate::causes::called::uncalled;
use crate::causes::fields::{NAMESPACE_KEYS, namespace_label};
use crate::causes::opposed::opposed;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::label_namespace;
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::asked::{asks, means_yes};
use crate::way::{Outcome, asks_for_ambient, injector, names};

declare_check! {
    /// Neither the namespace nor the pod asks for injection.
    ///
    /// ## What it finds
    /// The namespace has neither of the labels `istio-injection` and `istio.io/rev`, and the pod
    /// template has neither of the labels `sidecar.istio.io/inject` and `istio.io/rev`, so that the
    /// selectors of no injection webhook match.
    ///
    /// ## Why it matters
    /// The API server calls no webhook and leaves no trace of that: no event, no annotation.
    ///
    /// ## How to fix it
    /// Label the namespace, then restart the pods: running pods are never injected. Where nobody
    /// wants injection here, nothing needs fixing.
    ///
    /// ## References
    /// - Istio, Installing the sidecar: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/>
    "INJ101", "namespace-not-labelled", Called, about Pods, rank Silence,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    if asks_for_ambient(case)?.is_some() {
        return Ok(Verdict::not_applicable(
            "the ambient data plane is asked for",
        ));
    }
    let label = |key| what_if.pod.labels.get(key);
    // Any other value asks for nothing, and opts out of nothing.
    let says = |value: &String| value == "false" || means_yes(value);
    let pod_says = label(names::INJECT).is_some_and(says)
        || label(names::ISTIO_REV).is_some_and(|revision| !revision.is_empty());
    let namespace_says = NAMESPACE_KEYS
        .iter()
        .any(|key| what_if.namespace.contains_key(*key));
    if pod_says || namespace_says || injector::injectors(case.webhooks()?).next().is_none() {
        return Ok(Verdict::Passed);
    }
    let name = &case.target().namespace;
    let message = format!(
        "neither namespace {name} nor the pod asks for injection in a label, so no injection webhook is called"
    );
    let finding = Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::NotInjected),
        message,
    );
    let mut finding = opposed(finding, asks(case)?);
    let label = what_if.namespace_label(case)?;
    for key in NAMESPACE_KEYS {
        let evidence = namespace_label(case, key)?;
        finding = finding.evidence(match &label {
            Some((wanted, value)) if *wanted == key => evidence.expected(value),
            _ => evidence,
        });
    }
    if let Some(label) = label {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    Ok(Verdict::of([finding]))
}
