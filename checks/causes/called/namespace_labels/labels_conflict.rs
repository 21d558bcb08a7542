//! Two labels that want different things.

use crate::causes::fields::namespace_label;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::unlabel_namespace;
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::{Outcome, names};

declare_check! {
    /// The namespace has both istio-injection and istio.io/rev, and they want different things.
    ///
    /// ## What it finds
    /// Both labels are set, and the webhook that `istio.io/rev` alone would call is not called.
    ///
    /// ## Why it matters
    /// `istio-injection` always wins, whatever its value: the entries for `istio.io/rev` select only
    /// namespaces without it. So the pods get the default revision in the place of the one that is
    /// named, or nothing where no default revision is installed.
    ///
    /// ## How to fix it
    /// Take `istio-injection` off the namespace, so that the revision counts, and restart the pods.
    ///
    /// ## References
    /// - Istio, Canary upgrades: <https://istio.io/latest/docs/setup/upgrade/canary/>
    "INJ106", "namespace-labels-conflict", Called, about Pods, rank Contradiction,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let what_if = case.what_if()?;
    let (winner, loser) = (names::ISTIO_INJECTION, names::ISTIO_REV);
    let (Some(value), Some(revision)) =
        (what_if.namespace.get(winner), what_if.namespace.get(loser))
    else {
        return Ok(Verdict::Passed);
    };
    let pod = &what_if.pod.labels;
    let mut by_revision = what_if.namespace.clone();
    by_revision.remove(winner);
    let destinations = |labels| -> Vec<_> {
        let called = what_if.calls(labels, pod).into_iter();
        called
            .map(|(_, webhook)| webhook.client_config.service.clone())
            .collect()
    };
    let (now, then) = (destinations(&what_if.namespace), destinations(&by_revision));
    if now == then || then.is_empty() {
        return Ok(Verdict::Passed);
    }
    let name = &case.target().namespace;
    let outcome = if now.is_empty() {
        Outcome::NotInjected
    } else {
        Outcome::Injected
    };
    let instead = if now.is_empty() {
        "selects no webhook"
    } else {
        "selects the default revision"
    };
    let message = format!(
        "namespace {name} has {winner}={value} and {loser}={revision}: {winner} wins and {instead}"
    );
    let changes = format!("every new pod in {name} is injected by revision {revision}");
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(outcome),
        message,
    )
    .evidence(namespace_label(case, winner)?)
    .evidence(namespace_label(case, loser)?)
    .fix(unlabel_namespace(case, &[winner], &changes)?)]))
}
