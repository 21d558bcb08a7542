//! The pod names a revision that no webhook serves.

use crate::causes::called::uncalled;
use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::{Outcome, names, preferred};

declare_check! {
    /// The pod names a revision or tag that no webhook serves.
    ///
    /// ## What it finds
    /// Label `istio.io/rev` of the pod template names a revision or tag that is in the selectors of
    /// no injection webhook, and the namespace has no injection label.
    ///
    /// ## Why it matters
    /// The name keeps the default revision away as well, even with `sidecar.istio.io/inject=true`:
    /// the entry for that label selects only pods without `istio.io/rev`.
    ///
    /// ## How to fix it
    /// Name a revision that is served in the pod template.
    ///
    /// ## References
    /// - Istio, Canary upgrades: <https://istio.io/latest/docs/setup/upgrade/canary/>
    "INJ109", "pod-revision-unknown", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let key = names::ISTIO_REV;
    let revisions = what_if.revisions();
    let revision = what_if
        .pod
        .labels
        .get(key)
        .filter(|revision| !revisions.contains(revision));
    let meant = preferred::meant(case, &revisions)?;
    let (Some(revision), Some(first)) = (revision, meant.first().or(revisions.first())) else {
        return Ok(Verdict::Passed);
    };
    if !what_if.is_called(&what_if.namespace, &what_if.pod_with(&(key, first.clone()))) {
        return Ok(Verdict::Passed);
    }
    let served = revisions.join(", ");
    let message =
        format!("the pod asks for revision {revision}, which no webhook serves (served: {served})");
    let title = format!("name revision {first} in the pod template");
    let change = [(Field::Labels, key, Some(first.as_str()))];
    let finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(template_field(case, Field::Labels, key)?.expected(format!("one of {served}")))
    .fix(patch_template(
        case,
        &title,
        &change,
        &format!("new pods are injected by revision {first}"),
    )?);
    Ok(Verdict::of([finding]))
}
