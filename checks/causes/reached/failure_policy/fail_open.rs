//! Pods slip through without a sidecar.

use serde_json::json;

use crate::causes::reached::entry::evidence;
use crate::causes::reached::explanation::Explanation;
use crate::causes::reached::obstacle::explain;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::{Kind, Missing};
use crate::fixes::{Entries, restart};
use crate::report::{Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::injector::fails_closed;
use crate::way::{Answer, Destination, Obstacle};

declare_check! {
    /// The webhook fails open: its calls fail, and pods slip through without a sidecar.
    ///
    /// ## What it finds
    /// `failurePolicy` of an injection entry is `Ignore`, and its calls do not arrive.
    ///
    /// ## Why it matters
    /// Nobody notices: no event and no annotation tells that a pod should have got the sidecar. It runs
    /// outside of the mesh, without mTLS and without policies. Istio ships `Fail`.
    ///
    /// ## How to fix it
    /// Fix what keeps the calls from arriving, then restart the pods that were created meanwhile.
    ///
    /// ## References
    /// - Kubernetes, Failure policy:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy>
    "INJ206", "webhook-fail-open", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in found
        .destinations
        .clone()
        .all
        .iter()
        .filter(|one| !one.fails_closed)
    {
        found.note(|| match destination.route.reached(case) {
            Answer::Yes(_) => Ok(None),
            Answer::No(obstacle) if obstacle.is_denial() => Ok(None),
            Answer::No(obstacle) => finding(case, destination, &obstacle).map(Some),
            Answer::Unknown(missing) => Err(missing),
        });
    }
    found.verdict()
}

fn finding(
    case: &Case,
    destination: &Destination,
    obstacle: &Obstacle,
) -> Result<Finding, Missing> {
    // That the webhook fails open is certain, even where its cause is not.
    let cause = explain(case, destination, obstacle).unwrap_or_else(|_| Explanation::of(obstacle));
    let effect = match destination.decided_by(case, obstacle) {
        Some(outcome) => Effect::Decides(outcome),
        None => Effect::Beside,
    };
    let message = format!(
        "{} fails open, so pods go without a sidecar: failurePolicy is Ignore, and {}",
        destination.name(),
        cause.message
    );
    let mut finding =
        Finding::new(Severity::Warning, effect, message).evidence(policy(destination));
    finding.because = cause.by.map(|check| check.name);
    finding.evidence.extend(cause.evidence);
    for fix in cause.fixes {
        finding.fixes.push(with_restart(case, fix)?);
    }
    finding
        .fixes
        .push(closed(destination, finding.fixes.first()));
    Ok(finding)
}

/// A fix that also restarts the pods that slipped through, where the target is their workload.
fn with_restart(case: &Case, fix: Fix) -> Result<Fix, Missing> {
    let is_webhook = case.target().kind == Kind::MutatingWebhookConfiguration;
    if is_webhook || fix.steps.is_empty() || fix.risk == Risk::ReadOnly {
        return Ok(fix);
    }
    let changes = format!(
        "{}; pods restart and come back with the sidecar",
        fix.changes
    );
    Ok(Fix { changes, ..fix }.restart(restart(case)?))
}

/// failurePolicy as evidence.
pub fn policy(destination: &Destination) -> Evidence {
    let field = ["failurePolicy"];
    let policy = evidence(destination.configuration, destination.entry, &field);
    policy.actual("Ignore").expected("Fail")
}

/// Lets the webhook fail closed, as the installation ships it, once its calls arrive.
pub fn closed(destination: &Destination, best: Option<&Fix>) -> Fix {
    let configuration = destination.configuration;
    let entries = configuration.webhooks.iter().flatten();
    let open = entries.filter(|one| !fails_closed(one));
    let change = open.fold(Entries::of(configuration), |all, one| {
        all.set(one, [("failurePolicy", Some(json!("Fail")))])
    });
    let so = "while calls fail, pods are refused instead of made without a sidecar";
    let fix = match best.filter(|fix| fix.risk != Risk::ReadOnly && !fix.steps.is_empty()) {
        Some(best) => Fix {
            title: format!("{}, then let the webhook fail closed", best.title),
            risk: Risk::MeshWide,
            changes: format!("{}; later, {so}", best.changes),
            ..best.clone()
        },
        None => Fix::new(
            "afterwards let the webhook fail closed, as the installation ships it",
            Risk::MeshWide,
            so,
        ),
    };
    fix.change(change.change(), configuration)
}
