//! A condition in CEL that is false.

use serde_json::json;

use crate::causes::called::uncalled;
use crate::causes::called::webhook_selectors::stock::{entry_path, patch};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Effect, Evidence, Finding, Severity};
use crate::way::Case;
use crate::way::{NotCalled, Outcome, injector};

declare_check! {
    /// A matchCondition of the webhook is false for the pod.
    ///
    /// ## What it finds
    /// Selectors and rules of an injection entry match, but one of its matchConditions, an
    /// expression in CEL, is false for this pod.
    ///
    /// ## Why it matters
    /// The API server skips the webhook. Istio ships no matchConditions: somebody added it.
    ///
    /// ## How to fix it
    /// Take the condition away, or change it so that it lets the pod through; then restart the pods.
    ///
    /// ## References
    /// - Kubernetes, matchConditions:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-matchconditions>
    "INJ118", "webhook-match-conditions", Called, about Pods, rank Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if uncalled(case)?.is_none() {
        return Ok(Verdict::Passed);
    }
    let calls = case.calls()?;
    let stopped =
        calls
            .iter()
            .filter(|call| call.injector)
            .find_map(|call| match call.called.no()? {
                NotCalled::Condition { name, expression } => Some((call, name, expression)),
                _ => None,
            });
    let Some((call, name, expression)) = stopped else {
        return Ok(Verdict::Passed);
    };
    let mut found = injector::entries(case.webhooks()?).filter(|(configuration, _)| {
        configuration.metadata.name.as_deref() == Some(&call.configuration)
    });
    let Some((configuration, webhook)) = found.find(|(_, webhook)| webhook.name == call.entry)
    else {
        return Ok(Verdict::Passed);
    };
    let message = format!(
        "matchCondition {name} of {} in {} is false for the pod",
        call.entry, call.configuration
    );
    let rest: Vec<_> = webhook
        .match_conditions
        .iter()
        .flatten()
        .filter(|condition| condition.name != *name)
        .collect();
    let title = format!("take matchCondition {name} away");
    let fix = patch(
        configuration,
        webhook,
        &title,
        &[("matchConditions", json!(rest))],
    )
    .restart(restart(case)?);
    let path = entry_path(
        webhook,
        &format!("matchConditions[?(@.name==\"{name}\")].expression"),
    );
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(
        Evidence::new(
            format!("mutatingwebhookconfiguration/{}", call.configuration),
            path,
        )
        .actual(expression)
        .expected("true for the pod"),
    )
    .fix(fix)]))
}
