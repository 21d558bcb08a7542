//! The namespace opts out.

use crate::causes::called::uncalled;
use crate::causes::fields::{NAMESPACE_KEYS, namespace_label};
use crate::causes::opposed::opposed;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{ask_by_label, label_namespace, relabelled};
use crate::report::{Effect, Field, Finding, Fix, Severity};
use crate::way::Case;
use crate::way::asked::{Place, Said, asks};
use crate::way::relabelled::WhatIf;
use crate::way::{Outcome, names};

declare_check! {
    /// The namespace opts out with istio-injection=disabled.
    ///
    /// ## What it finds
    /// Label `istio-injection` of the namespace is `disabled`. Where somebody asks for injection behind it,
    /// in a label or an annotation of the pods, of what makes them or of the namespace, both are named.
    ///
    /// ## Why it matters
    /// No selector of a stock injection webhook matches such a namespace, whatever its pods say. As a
    /// rule somebody wanted that.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where it is intended. Else label the namespace, and restart the pods.
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
    let asked = asks(case)?;
    let only = match &asked {
        Some(asked) => only_these(case, &what_if, asked)?,
        None => None,
    };
    let finding = Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(namespace_label(case, key)?);
    let mut finding = opposed(finding, asked);
    finding.fixes.extend(only);
    if let Some(label) = what_if.namespace_label(case)? {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    Ok(Verdict::of([finding]))
}

/// Takes the opt-out away and has these pods ask by a label, so that the others of the namespace stay as they
/// are; none where that would not get them called.
fn only_these(case: &Case, what_if: &WhatIf, asked: &Said) -> Result<Option<Fix>, Missing> {
    let mut unlabelled = what_if.namespace.clone();
    for key in NAMESPACE_KEYS {
        unlabelled.remove(key);
    }
    let Some(label) = what_if.pod_label(case, asked)? else {
        return Ok(None);
    };
    if asked.place == Place::Namespace || !what_if.is_called(&unlabelled, &what_if.pod_with(&label))
    {
        return Ok(None);
    }
    let mut fix = ask_by_label(case, asked, &label)?;
    let none = Fix {
        steps: Vec::new(),
        ..fix.clone()
    };
    let found = NAMESPACE_KEYS
        .into_iter()
        .filter(|key| what_if.namespace.contains_key(*key));
    let entries: Vec<_> = found.map(|key| (key, None)).collect();
    let open = relabelled(case, none, Field::Labels, &entries)?;
    fix.title = format!("take the opt-out off the namespace, and {}", fix.title);
    fix.steps.splice(0..0, open.steps);
    Ok(Some(fix))
}
