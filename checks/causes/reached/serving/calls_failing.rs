//! Calls fail, though everything that is visible is as it should be.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Event;

use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::refused::{Refused, refused, see_also};
use crate::causes::{Verdict, declare_check};
use crate::facts::ownership::happened;
use crate::facts::{Kind, Missing};
use crate::fixes::{deployment_object, restart_istiod};
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::texts::{Key, What};
use crate::way::{Case, Destination, Outcome, Rejection, is_refusal, is_way_changed_since};

/// How long a refusal tells something about now: a controller tries again at the latest after 1,000 s, and then
/// the event is renewed.
/// Source: `k8s.io/client-go/util/workqueue` (v0.36), `DefaultTypedControllerRateLimiter`.
const RETRIED: Duration = Duration::from_secs(1_000);

declare_check! {
    /// The API server's calls of the webhook fail, although everything that can be seen is as it should be.
    ///
    /// ## What it finds
    /// Events FailedCreate say that calls of the webhook failed within the last 17 minutes, while Service,
    /// endpoints, caBundle and istiod are as they should be, and none of them was changed since.
    ///
    /// ## Why it matters
    /// Pods are refused. What keeps the calls from being answered cannot be seen in the cluster's API: istiod
    /// hangs although it was ready, or the network drops the calls, such as a firewall, a NetworkPolicy or a
    /// route between the API server and the nodes.
    ///
    /// ## How to fix it
    /// The error tells where to look: a time-out of a connection (`dial tcp ...: i/o timeout`) points to the
    /// network, a time-out after it (`context deadline exceeded`) or an error 5xx to istiod. Restart istiod
    /// where it hangs.
    ///
    /// ## References
    /// - Istio, Sidecar injection problems: <https://istio.io/latest/docs/ops/common-problems/injection/>
    "INJ217", "webhook-calls-failing", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    match case.target().kind {
        Kind::MutatingWebhookConfiguration => of_webhook(case),
        _ => of_pods(case),
    }
}

/// Pods are refused as a call fails.
fn of_pods(case: &Case) -> Result<Verdict, Missing> {
    let rejection = match refused(case)? {
        Refused::Expectedly(verdict) => return Ok(verdict),
        Refused::Unexpectedly(rejection) => rejection,
    };
    let destinations = case.destinations()?;
    let mut all = destinations.all.iter();
    let Some(destination) = all.find(|one| is_about(one, &rejection)) else {
        return Ok(Verdict::Passed);
    };
    let effect = Effect::Decides(Outcome::Rejected);
    let finding = finding(case, destination, &rejection, Severity::Error, effect)?;
    Ok(Verdict::of([finding]))
}

/// Events of whatever pods tell of failing calls.
fn of_webhook(case: &Case) -> Result<Verdict, Missing> {
    let warnings = case.warnings()?;
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| {
            // An obstacle on the way explains them.
            let failure = match destination.route.obstacle(case) {
                Some(_) => None,
                None => newest_failure(case, destination, &warnings)?,
            };
            let told = |one: Rejection| {
                finding(case, destination, &one, Severity::Warning, Effect::Beside)
            };
            failure.map(told).transpose()
        });
    }
    found.verdict()
}

/// The newest failure of a call, if it may still be so.
fn newest_failure(
    case: &Case,
    destination: &Destination,
    warnings: &[&Event],
) -> Result<Option<Rejection>, Missing> {
    let may_be_so_now = |at: &Timestamp| at.checked_add(RETRIED).is_ok_and(|end| end >= case.now());
    let refusals = warnings.iter().filter(|event| is_refusal(event));
    let times = refusals.filter_map(|event| Some((happened(event)?, *event)));
    let mut recent: Vec<_> = times.filter(|(at, _)| may_be_so_now(at)).collect();
    // The newest first, as a text takes longer to read than a time.
    recent.sort_by_key(|(at, _)| Reverse(*at));
    let mut told = recent
        .into_iter()
        .map(|(at, event)| (at, event, Rejection::of(event)));
    let newest = told.find(|(_, _, failure)| is_about(destination, failure));
    let Some((at, event, failure)) = newest else {
        return Ok(None);
    };
    if is_way_changed_since(case, destination, at)? {
        return Ok(None);
    }
    let namespace = event.involved_object.namespace.as_deref();
    let source = format!("{} -n {}", failure.source, namespace.unwrap_or_default());
    Ok(Some(Rejection { source, ..failure }))
}

fn finding(
    case: &Case,
    destination: &Destination,
    failure: &Rejection,
    severity: Severity,
    effect: Effect,
) -> Result<Finding, Missing> {
    let last = failure
        .stood()
        .map_or_else(String::new, |at| format!(", last at {at}"));
    let message = format!(
        "calls of {} fail{last}, although its way is clear as far as it can be seen: {}{}",
        destination.name(),
        failure.message,
        see_also(failure.cause.as_ref())
    );
    let mut evidence = Evidence::new(&failure.source, ".message").actual(&failure.message);
    evidence.set_at = failure.stood();
    let finding = Finding::new(severity, effect, message).evidence(evidence);
    Ok(match istiod::deployment_of(case, destination)? {
        Some(deployment) => finding
            .fix(look_at(deployment))
            .fix(restart_where_it_hangs(deployment)),
        None => finding,
    })
}

fn look_at(deployment: &Deployment) -> Fix {
    let object = deployment_object(deployment);
    let reference = object.reference();
    let namespace = object.namespace.unwrap_or_default();
    let logs = ["logs", &reference, "-n", &namespace, "--tail=50"];
    Fix::new(
        format!("look whether {reference} hangs"),
        Risk::ReadOnly,
        "nothing: an istiod that answers writes new lines",
    )
    .show(Command::kubectl(logs))
}

fn restart_where_it_hangs(deployment: &Deployment) -> Fix {
    let fix = Fix::new(
        format!(
            "restart {}, where it hangs",
            deployment_object(deployment).reference()
        ),
        Risk::MeshWide,
        "an istiod that hung answers again; where the network drops the calls, nothing changes",
    );
    restart_istiod(fix, deployment)
}

/// Whether a refusal tells of a failed call of this destination: by the name of an entry, and by the Service in the
/// URL, as entries of several revisions have the same names.
fn is_about(destination: &Destination, refusal: &Rejection) -> bool {
    let Some(said) = &refusal.said else {
        return false;
    };
    let mut entries = destination.configuration.webhooks.iter().flatten();
    let names_entry = entries.any(|one| said.value(Key::Webhook) == Some(&one.name));
    let names_service = destination.service().is_none_or(|service| {
        said.value(Key::Service) == Some(&service.name)
            && said.value(Key::Namespace) == Some(&service.namespace)
    });
    matches!(said.what, What::Call(_)) && names_entry && names_service
}
