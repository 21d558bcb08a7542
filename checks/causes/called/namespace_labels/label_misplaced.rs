//! The label in the wrong place, or misspelt.

use crate::causes::called::uncalled;
use crate::causes::fields::NAMESPACE_KEYS;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{label_namespace, relabel_namespace, relabelled};
use crate::report::{Effect, Field, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::asked::said_of_namespace;
use crate::way::relabelled::{Label, WhatIf};
use crate::way::{Outcome, names, namespace_labels};

declare_check! {
    /// The injection label of the namespace sits under annotations, or its key is misspelt.
    ///
    /// ## What it finds
    /// The namespace has no injection label, but an annotation `istio-injection` or `istio.io/rev`,
    /// a label or annotation whose key is close to one of these (`istio-inject`, `istio.injection`), or
    /// the pods' `sidecar.istio.io/inject`. Likewise an opt-out, where the namespace is injected without
    /// asking.
    ///
    /// ## Why it matters
    /// A webhook's namespaceSelector sees labels only, under their exact keys. Nothing warns of others.
    ///
    /// ## How to fix it
    /// Set the right label, take the wrong one away, and restart the pods.
    ///
    /// ## References
    /// - Kubernetes, matching requests by namespaceSelector:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>
    "INJ103", "namespace-label-misplaced", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let labels = namespace_labels(case)?;
    if NAMESPACE_KEYS.iter().any(|key| labels.contains_key(*key)) {
        return Ok(Verdict::Passed);
    }
    match uncalled(case)? {
        Some(what_if) => request(case, &what_if),
        None => opt_out(case),
    }
}

/// A request that no webhook looks at.
fn request(case: &Case, what_if: &WhatIf) -> Result<Verdict, Missing> {
    let said = said_of_namespace(case)?;
    let Some(said) = said.iter().find(|one| one.asks()) else {
        return Ok(Verdict::Passed);
    };
    let (name, place) = (
        &case.target().namespace,
        said.field.name().trim_end_matches('s'),
    );
    let message = format!(
        "namespace {name} has {place} {}={}, which no injection webhook looks at",
        said.key,
        said.value_in_words()
    );
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(said.evidence.clone());
    if let Some(label) = what_if.namespace_label(case)? {
        finding = finding.fix(replace(case, &label, said.field, &said.key)?);
    }
    Ok(Verdict::of([finding]))
}

/// An opt-out that no webhook looks at, of a namespace that is injected without asking.
fn opt_out(case: &Case) -> Result<Verdict, Missing> {
    let said = said_of_namespace(case)?;
    let Some(said) = said.iter().find(|one| !one.asks()) else {
        return Ok(Verdict::Passed);
    };
    let what_if = case.what_if()?;
    let label = (names::ISTIO_INJECTION, "disabled".to_owned());
    let helps = !what_if.is_called(&what_if.namespace_with(&label), &what_if.pod.labels);
    let prediction = case.prediction();
    match prediction.outcome {
        _ if !helps => return Ok(Verdict::Passed),
        Outcome::Injected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        Outcome::NotInjected | Outcome::Rejected => return Ok(Verdict::Passed),
    }
    let message = format!(
        "{} is ignored: the label of namespaces is {}, so the pod is injected all the same",
        said.in_words(),
        names::ISTIO_INJECTION
    );
    let fix = Fix::new(
        format!(
            "label the namespace {}=disabled, then restart the pods",
            label.0
        ),
        Risk::RestartsPods,
        format!(
            "new pods of {} go without the sidecar",
            case.target().namespace
        ),
    );
    let fix = relabelled(case, fix, said.field, &[(&said.key, None)])?;
    let fix = relabel_namespace(case, fix, &[(label.0, Some(&label.1))])?;
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::Injected),
        message,
    )
    .evidence(said.evidence.clone())
    .fix(fix.without_sidecar())]))
}

/// Takes what is misplaced away, and labels the namespace.
fn replace(case: &Case, label: &Label, field: Field, key: &str) -> Result<Fix, Missing> {
    let right = label_namespace(case, label)?;
    let none = Fix {
        steps: Vec::new(),
        ..right.clone()
    };
    let wrong = relabelled(case, none, field, &[(key, None)])?;
    let steps = wrong.steps.into_iter().chain(right.steps);
    Ok(Fix {
        steps: steps.collect(),
        ..wrong
    })
}
