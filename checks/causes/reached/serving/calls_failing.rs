//! Calls fail, though everything that is visible is as it should be.

use std::time::Duration;

use k8s_openapi::api::core::v1::Event;

use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::ownership::happened;
use crate::facts::{Kind, Missing};
use crate::fixes::restart_istiod;
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::rules::credentials::without_credentials;
use crate::way::{Case, Destination, is_refusal, is_way_changed_since};

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
    if case.target().kind != Kind::MutatingWebhookConfiguration {
        return Ok(Verdict::not_applicable(
            "what refuses the pods is told with the pods",
        ));
    }
    let warnings = case.warnings()?;
    let mut found = Found::new(case)?;
    for destination in found.destinations.clone().all.iter() {
        found.note(|| match destination.route.obstacle(case) {
            // That explains the failing calls.
            Some(_) => Ok(None),
            None => failing(case, destination, &warnings),
        });
    }
    found.verdict()
}

fn failing(
    case: &Case,
    destination: &Destination,
    warnings: &[&Event],
) -> Result<Option<Finding>, Missing> {
    let of_this = warnings
        .iter()
        .filter(|event| is_refusal(event) && is_about(destination, event));
    let times = of_this.filter_map(|event| Some((happened(event)?, *event)));
    let Some((at, event)) = times.max_by_key(|(at, _)| *at) else {
        return Ok(None);
    };
    let is_old = at.checked_add(RETRIED).is_ok_and(|end| end < case.now());
    if is_old || is_way_changed_since(case, destination, at)? {
        return Ok(None);
    }
    let text = without_credentials(event.message.as_deref().unwrap_or_default());
    let message = format!(
        "calls of {} failed last at {at}, although its way is clear as far as it can be seen: {text}",
        destination.name()
    );
    let about = &event.involved_object;
    let object = format!(
        "event FailedCreate of {}/{} -n {}",
        about.kind.as_deref().unwrap_or_default().to_lowercase(),
        about.name.as_deref().unwrap_or_default(),
        about.namespace.as_deref().unwrap_or_default(),
    );
    let mut evidence = Evidence::new(object, ".message").actual(text);
    evidence.set_at = Some(at);
    let finding =
        Finding::new(Severity::Warning, Effect::Beside, message).evidence(evidence);
    Ok(Some(match istiod::deployment_of(case, destination)? {
        Some(deployment) => {
            let namespace = deployment.metadata.namespace.as_deref().unwrap_or_default();
            let name = deployment.metadata.name.as_deref().unwrap_or_default();
            let reference = format!("deployment/{name}");
            let logs = Command::kubectl(["logs", &reference, "-n", namespace, "--tail=50"]);
            let look = Fix::new(
                format!("look whether {reference} hangs"),
                Risk::ReadOnly,
                "nothing: an istiod that answers logs its calls of /inject",
            );
            let restart = Fix::new(
                format!("restart {reference}, where it hangs"),
                Risk::MeshWide,
                "an istiod that hung answers again; where the network drops the calls, nothing changes",
            );
            finding
                .fix(look.show(logs))
                .fix(restart_istiod(restart, deployment))
        }
        None => finding,
    }))
}

/// Whether an event tells of a failed call of this destination: by the name of an entry, and by the Service in the
/// URL, as entries of several revisions have the same names.
fn is_about(destination: &Destination, event: &Event) -> bool {
    let text = event.message.as_deref().unwrap_or_default();
    let mut entries = destination.configuration.webhooks.iter().flatten();
    let names_entry = entries.any(|one| text.contains(&format!("webhook \"{}\"", one.name)));
    let names_service = destination.service().is_none_or(|service| {
        text.contains(&format!("://{}.{}.svc", service.name, service.namespace))
    });
    text.contains("failed calling") && names_entry && names_service
}
