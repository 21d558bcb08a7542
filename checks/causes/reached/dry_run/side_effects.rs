//! Webhooks that no dry run may call.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use serde_json::json;

use crate::causes::reached::entry::evidence;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::Entries;
use crate::report::{Effect, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::injector::is_injector;

declare_check! {
    /// The webhook's `sideEffects` keep dry runs from working.
    ///
    /// ## What it finds
    /// `sideEffects` of an injection entry is neither `None` nor `NoneOnDryRun`. Such a webhook was written in
    /// `admissionregistration.k8s.io/v1beta1`, which Kubernetes had up to 1.21, and has been left as it was since: in `v1` the
    /// API server takes no other value.
    ///
    /// ## Why it matters
    /// `kubectl apply --dry-run=server` and `kubectl diff` fail with `does not support dry run`, and so do deployment tools that
    /// try a change before they make it. Real pods are injected.
    ///
    /// ## How to fix it
    /// Set `sideEffects: None`, which is what Istio ships: its injector changes nothing but the pod.
    ///
    /// ## References
    /// - Kubernetes, Side effects:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#side-effects>
    "INJ236", "webhook-side-effects", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| Ok(finding(destination.configuration)));
    }
    found.verdict()
}

/// Whether the API server refuses a dry run that such an entry would be called for.
/// Source: Kubernetes 1.36, `apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go`.
fn refuses_dry_runs(entry: &MutatingWebhook) -> bool {
    !matches!(entry.side_effects.as_str(), "None" | "NoneOnDryRun")
}

fn finding(configuration: &MutatingWebhookConfiguration) -> Option<Finding> {
    let entries = configuration.webhooks.iter().flatten();
    let refusing: Vec<_> = entries
        .filter(|entry| is_injector(configuration, entry) && refuses_dry_runs(entry))
        .collect();
    let first = refusing.first()?;
    let message = format!(
        "dry runs of pods that {} selects are refused: sideEffects of {} is {}, and the API server calls only webhooks without side effects in a dry run",
        configuration.metadata.name.as_deref().unwrap_or_default(),
        first.name,
        first.side_effects,
    );
    let change = refusing
        .iter()
        .fold(Entries::of(configuration), |all, entry| {
            all.set(entry, [("sideEffects", Some(json!("None")))])
        });
    let fix = Fix::new(
        "say that the webhook has no side effects, as the installation ships it",
        Risk::MeshWide,
        "dry runs pass; what becomes of pods stays as it is",
    )
    // The API server does not take the value of before any more.
    .forth(change.change());
    let evidence = refusing.iter().map(|entry| {
        evidence(configuration, entry, &["sideEffects"])
            .actual(entry.side_effects.clone())
            .expected("None")
    });
    let finding = Finding::new(Severity::Warning, Effect::Beside, message).fix(fix);
    Some(evidence.fold(finding, Finding::evidence))
}
