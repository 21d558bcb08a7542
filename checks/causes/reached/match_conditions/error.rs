//! A condition that ends in an error.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use crate::causes::reached::entry::object;
use crate::causes::static_pods::of_static;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{Entries, restart};
use crate::report::{Change, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::{Answer, NotCalled, Outcome, injector};

declare_check! {
    /// A matchCondition of the webhook cannot be evaluated for the pod.
    ///
    /// ## What it finds
    /// An expression in CEL of an injection entry ends in an error, for instance because it reads a
    /// label that the pod does not have, and no other condition of the entry is false.
    ///
    /// ## Why it matters
    /// With failurePolicy `Fail` the API server refuses the pod without calling the webhook; with
    /// `Ignore` it makes the pod without a sidecar. Istio ships no matchConditions: somebody added it.
    ///
    /// ## How to fix it
    /// Take the condition away, or write it so that it needs no field to be there:
    /// `object.metadata.?labels[?"team"].orValue("") == "mesh"`.
    ///
    /// ## References
    /// - Kubernetes, matchConditions:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-matchconditions>
    "INJ213", "match-condition-error", Reached, about Pods,
    run
}

/// An entry whose condition of a name cannot be evaluated.
struct Broken<'a> {
    configuration: &'a MutatingWebhookConfiguration,
    webhook: &'a MutatingWebhook,
    condition: String,
    error: String,
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if let Some(verdict) = of_static(case)? {
        return Ok(verdict);
    }
    let mut broken: Vec<Broken> = Vec::new();
    let mut missing = None;
    for (call, (configuration, webhook)) in case
        .calls()?
        .iter()
        .zip(injector::entries(case.webhooks()?))
    {
        match &call.called {
            Answer::No(NotCalled::ConditionError { name, error }) if call.injector => {
                broken.push(Broken {
                    configuration,
                    webhook,
                    condition: name.clone(),
                    error: error.clone(),
                })
            }
            Answer::Unknown(unknown) if call.injector => {
                missing.get_or_insert_with(|| unknown.clone());
            }
            _ => {}
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    for one in &broken {
        let same: Vec<_> = broken.iter().filter(|other| other.is_like(one)).collect();
        let is_first = same.first().is_some_and(|first| std::ptr::eq(*first, one));
        if is_first {
            findings.push(finding(case, one, &same)?);
        }
    }
    match missing {
        Some(missing) if findings.is_empty() => Err(missing),
        _ => Ok(Verdict::of(findings)),
    }
}

impl Broken<'_> {
    fn fails_closed(&self) -> bool {
        injector::fails_closed(self.webhook)
    }

    fn is_like(&self, other: &Self) -> bool {
        self.configuration.metadata.name == other.configuration.metadata.name
            && self.condition == other.condition
            && self.fails_closed() == other.fails_closed()
    }
}

fn finding(case: &Case, one: &Broken, same: &[&Broken]) -> Result<Finding, Missing> {
    let (condition, name) = (
        &one.condition,
        one.configuration
            .metadata
            .name
            .as_deref()
            .unwrap_or_default(),
    );
    let (severity, outcome, so) = if one.fails_closed() {
        (Severity::Error, Outcome::Rejected, "refused")
    } else {
        (
            Severity::Warning,
            Outcome::NotInjected,
            "made without a sidecar",
        )
    };
    let message = format!(
        "matchCondition {condition} of {} in {name} cannot be evaluated, so the pod is {so}: {}",
        one.webhook.name, one.error
    );
    let conditions = one.webhook.match_conditions.iter().flatten();
    let expression = conditions
        .into_iter()
        .find(|other| other.name == *condition)
        .map(|found| &found.expression);
    let (entry, key) = (
        format!("k:{{\"name\":\"{}\"}}", one.webhook.name),
        format!("k:{{\"name\":\"{condition}\"}}"),
    );
    let path = format!(
        ".webhooks[?(@.name==\"{}\")].matchConditions[?(@.name==\"{condition}\")].expression",
        one.webhook.name
    );
    let mut evidence = Evidence::new(object(one.configuration), path)
        .expected("true or false for the pod")
        .set_in(
            &one.configuration.metadata,
            &["webhooks", &entry, "matchConditions", &key],
        );
    evidence.actual = expression.cloned();
    let changes = "the webhook is called again for every pod that its selectors match";
    let fix = Fix::new(
        format!("take matchCondition {condition} away from {name}"),
        Risk::MeshWide,
        changes,
    )
    .change(without_condition(one, same), one.configuration);
    let fix = if one.fails_closed() {
        fix
    } else {
        Fix {
            changes: format!("{changes}; pods restart and come back with the sidecar"),
            ..fix
        }
        .restart(restart(case)?)
    };
    Ok(Finding::new(severity, Effect::Decides(outcome), message)
        .evidence(evidence)
        .fix(fix))
}

/// Takes the condition away from every entry that has it.
fn without_condition(one: &Broken, same: &[&Broken]) -> Change {
    let mut entries = Entries::of(one.configuration);
    for broken in same {
        let conditions = broken.webhook.match_conditions.iter().flatten();
        let names: Vec<_> = conditions.map(|condition| &condition.name).collect();
        let place = names.iter().position(|name| **name == broken.condition);
        let field = match names.len() {
            1 => "matchConditions".to_owned(),
            _ => format!("matchConditions/{}", place.unwrap_or_default()),
        };
        entries = entries.set(broken.webhook, [(field.as_str(), None)]);
    }
    entries.change()
}
