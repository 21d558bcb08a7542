//! `istio-injection=enabled` without a default revision.

use super::helm_revision_default::named_default;
use super::left_out::choose_a_mesh;
use super::{asks_default_in_vain, live_revision};
use crate::causes::called::uncalled;
use crate::causes::fields::namespace_label;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{WRITES_THE_WEBHOOK, label_namespace, remove_tag, set_tag};
use crate::report::{Effect, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::{Outcome, injector, names};

declare_check! {
    /// The namespace has istio-injection=enabled, but no webhook serves the default revision.
    ///
    /// ## What it finds
    /// Label `istio-injection` of the namespace is `enabled`, and only webhooks of named revisions
    /// are installed; no tag `default` stands for one of them.
    ///
    /// ## Why it matters
    /// `istio-injection=enabled` asks for the default revision. Where there is none, no webhook is
    /// called, and nothing says so.
    ///
    /// ## How to fix it
    /// Label the namespace with a revision that is served. Or make one of them the default, for all
    /// namespaces that ask for it.
    ///
    /// ## References
    /// - Istio, Default tag: <https://istio.io/latest/docs/setup/upgrade/canary/#default-tag>
    "INJ108", "default-revision-missing", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let key = names::ISTIO_INJECTION;
    let webhooks = case.webhooks()?;
    let is_explained =
        injector::injectors(webhooks).next().is_none() || named_default(webhooks).is_some();
    if !asks_default_in_vain(&what_if) || is_explained {
        return Ok(Verdict::Passed);
    }
    let name = &case.target().namespace;
    let revisions = what_if.revisions();
    let message = format!(
        "namespace {name} has {key}=enabled, but no webhook serves the default revision (served: {})",
        revisions.join(", ")
    );
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(namespace_label(case, key)?);
    if let Some(label) = what_if.namespace_label(case)? {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    // The tag would deactivate such a webhook, and nothing would bring it back.
    let is_of_default = |(configuration, webhook): (&_, &_)| {
        injector::label(configuration, names::ISTIO_REV) == Some(names::DEFAULT_REVISION)
            && !injector::is_deactivated(webhook)
    };
    let is_installed = injector::injectors(case.webhooks()?).any(is_of_default);
    if let Some(revision) = &live_revision(case)?.filter(|_| !is_installed) {
        let fix = Fix::new(
            format!("make {revision} the default revision"),
            Risk::MeshWide,
            format!("every namespace with {key}=enabled is injected by {revision}"),
        );
        finding = finding.fix(
            fix.unforeseen(
                set_tag(case, names::DEFAULT_REVISION, revision, &[]),
                WRITES_THE_WEBHOOK,
            )
            .undo(remove_tag(case, names::DEFAULT_REVISION, revision)),
        );
    }
    if finding.fixes.is_empty() {
        finding.fixes.extend(choose_a_mesh(case, &what_if)?);
    }
    Ok(Verdict::of([finding]))
}
