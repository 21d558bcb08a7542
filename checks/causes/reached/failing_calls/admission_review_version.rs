//! The answer to the call is no AdmissionReview of the version that was asked for.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;
use serde_json::json;

use super::cause::Cause;
use super::istiod_log;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::reached::{entry, istiod};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::Entries;
use crate::report::{Command, Fix, Risk};
use crate::texts::Key;
use crate::way::injector::is_injector;
use crate::way::{Case, Destination};

declare_check! {
    /// The injector does not answer in the version of AdmissionReview in which the API server asks.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the answer of the webhook is no
    /// AdmissionReview that the API server takes: `converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown
    /// conversion` or `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ...`, and nothing was
    /// changed since.
    ///
    /// ## Why it matters
    /// Pods are refused. The API server asks in the first version of `admissionReviewVersions` that it knows, and takes
    /// an answer in this version alone. An istiod of today answers in the version in which it is asked. So either the
    /// injector is older than `v1` (Istio 1.4 and before) and the webhook was written for a newer one, or something else
    /// than an injector answers, such as a proxy or a login page.
    ///
    /// ## How to fix it
    /// Where the answer is an AdmissionReview of `v1beta1`, let the API server ask in that, until the injector is
    /// upgraded; for each entry, with its number in the place of 0:
    ///
    /// ```sh
    /// kubectl patch mutatingwebhookconfiguration NAME --type=json -p '[{"op":"replace","path":"/webhooks/0/admissionReviewVersions","value":["v1beta1"]}]'
    /// ```
    ///
    /// Where it is something else, find out who answers at the webhook's URL or Service.
    ///
    /// ## References
    /// - Kubernetes, Webhook request and response:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#webhook-request-and-response>
    /// - `k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go` (v0.36), `VerifyAdmissionResponse`
    "INJ235", "admission-review-version", Reached, about Webhooks,
    run
}

const FIELD: &str = "admissionReviewVersions";

/// What the API server knows besides `v1`.
/// Source: `k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go` (v0.36).
const OLD: &str = "v1beta1";

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Answer, explain)
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let destination = failing.destination;
    let answered = failing.value(Key::Answered);
    let is_old = answered.is_some_and(|one| one.trim_start_matches("admission.k8s.io/") == OLD);
    let why = match is_old {
        true => {
            format!("the injector answers in admission.k8s.io/{OLD}, in which it was not asked")
        }
        false => "what answers is no injector of Istio, or a proxy changes the answer".to_owned(),
    };
    let words = format!(
        "because the answer is no AdmissionReview that the API server takes; {why}: {}",
        failing.failure.message
    );
    let Destination {
        configuration,
        entry: webhook,
        ..
    } = destination;
    let versions = entry::evidence(configuration, webhook, &[FIELD]);
    let versions = versions.actual(json!(webhook.admission_review_versions).to_string());
    let (versions, fix) = match is_old {
        true => (
            versions.expected(json!([OLD]).to_string()),
            ask_in_old(destination),
        ),
        false => (versions, look_who_answers(case, destination)?),
    };
    Ok(Explained {
        words,
        evidence: vec![versions],
        fixes: vec![fix],
    })
}

/// Lets the API server ask in the old version, in all entries of the configuration that go the same way.
fn ask_in_old(destination: &Destination) -> Fix {
    let configuration = destination.configuration;
    let client = &destination.entry.client_config;
    let calls_it = |webhook: &&MutatingWebhook| {
        let other = &webhook.client_config;
        is_injector(configuration, webhook)
            && (&other.service, &other.url) == (&client.service, &client.url)
    };
    let entries = configuration.webhooks.iter().flatten().filter(calls_it);
    let change = entries.fold(Entries::of(configuration), |all, webhook| {
        all.set(webhook, [(FIELD, Some(json!([OLD])))])
    });
    Fix::new(
        format!(
            "let the API server ask the injector of {} in {OLD}, until it is upgraded",
            destination.name()
        ),
        Risk::MeshWide,
        "the injector answers in the version in which it is asked",
    )
    .change(change.change(), configuration)
}

fn look_who_answers(case: &Case, destination: &Destination) -> Result<Fix, Missing> {
    let name = destination.name();
    let client = [
        "get",
        "mutatingwebhookconfiguration",
        name,
        "-o",
        "jsonpath={.webhooks[*].clientConfig.url}{.webhooks[*].clientConfig.service}",
    ];
    let fix = Fix::new(
        "see who answers: where the webhook leads, and whether istiod took the call",
        Risk::ReadOnly,
        "nothing: it shows the way of the call, and what istiod wrote last",
    )
    .show(Command::kubectl(client));
    Ok(match istiod::deployment_of(case, destination)? {
        Some(deployment) => fix.show(istiod_log(deployment)),
        None => fix,
    })
}
