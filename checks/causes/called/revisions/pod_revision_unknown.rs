//! The pod names a revision that no webhook serves.

use super::left_out::choose_a_mesh;
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
    /// Name a revision in the pod template that is served, and of several meshes in one cluster one of the mesh whose
    /// `discoverySelectors` select the namespace.
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
    let is_called = |name: &&String| {
        let pod = what_if.pod_with(&(key, (*name).clone()));
        what_if.is_called(&what_if.namespace, &pod)
    };
    let Some(revision) = revision.filter(|_| revisions.iter().any(|one| is_called(&one))) else {
        return Ok(Verdict::Passed);
    };
    let served = revisions.join(", ");
    let message =
        format!("the pod asks for revision {revision}, which no webhook serves (served: {served})");
    let own = what_if.own_revisions(case);
    let mut evidence = template_field(case, Field::Labels, key)?;
    if !own.is_empty() {
        evidence = evidence.expected(format!("one of {}", own.join(", ")));
    }
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(evidence);
    let meant = preferred::meant(case, &own)?;
    if let Some(first) = meant.iter().chain(&own).find(is_called) {
        let title = format!("name revision {first} in the pod template");
        let change = [(Field::Labels, key, Some(first.as_str()))];
        let effect = format!("new pods are injected by revision {first}");
        finding = finding.fix(patch_template(case, &title, &change, &effect)?);
    }
    finding.fixes.extend(choose_a_mesh(case, &what_if)?);
    Ok(Verdict::of([finding]))
}
