//! The namespace names a revision that no webhook serves.

use super::left_out::choose_a_mesh;
use super::live_revision;
use crate::causes::called::uncalled;
use crate::causes::fields::namespace_label;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{WRITES_THE_WEBHOOK, label_namespace, remove_tag, set_tag};
use crate::report::{Effect, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::{Outcome, injector, names};

declare_check! {
    /// The namespace names a revision or tag that no webhook serves.
    ///
    /// ## What it finds
    /// Label `istio.io/rev` of the namespace names a revision or tag that is in the selectors of no
    /// injection webhook: it never existed, or it was removed.
    ///
    /// ## Why it matters
    /// No webhook is called, and nothing says so. Pods that were injected by a removed revision keep
    /// their sidecar until they are restarted, and come back without it.
    ///
    /// ## How to fix it
    /// Label the namespace for a revision that is served, then restart the pods. Or, where many
    /// namespaces carry the name, make it a tag of a live revision.
    ///
    /// ## References
    /// - Istio, Stable revision labels: <https://istio.io/latest/docs/setup/upgrade/canary/#stable-revision-labels>
    "INJ107", "revision-unknown", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let key = names::ISTIO_REV;
    let revisions = what_if.revisions();
    let revision = what_if
        .namespace
        .get(key)
        .filter(|revision| !revisions.contains(revision));
    let Some(revision) =
        revision.filter(|_| !what_if.namespace.contains_key(names::ISTIO_INJECTION))
    else {
        return Ok(Verdict::Passed);
    };
    if injector::injectors(case.webhooks()?).next().is_none() {
        return Ok(Verdict::Passed);
    }
    let name = &case.target().namespace;
    let served = revisions.join(", ");
    let message = format!(
        "namespace {name} asks for revision {revision}, which no webhook serves (served: {served})"
    );
    let evidence = namespace_label(case, key)?.expected(format!("one of {served}"));
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(evidence);
    if let Some(label) = what_if.namespace_label(case)? {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    if let Some(live) = live_revision(case)?.filter(|_| !revision.is_empty()) {
        let tag = Fix::new(
            format!("make {revision} a tag of revision {live}"),
            Risk::MeshWide,
            format!("every namespace labelled {key}={revision} is injected by revision {live}"),
        );
        finding = finding.fix(
            tag.unforeseen(set_tag(case, revision, &live, &[]), WRITES_THE_WEBHOOK)
                .undo(remove_tag(case, revision, &live)),
        );
    }
    if finding.fixes.is_empty() {
        finding.fixes.extend(choose_a_mesh(case, &what_if)?);
    }
    Ok(Verdict::of([finding]))
}
