//! Something keeps overwriting the caBundle that istiod writes.

use std::cmp::Reverse;

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

use super::bundles::bundles;
use super::forbidden::forbidden;
use super::overlooked::overlooked;
use crate::causes::reached::entry::{object, show_managers};
use crate::causes::reached::obstacle_findings::{Found, effect};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::reached::churn;
use crate::way::{Case, Destination};

declare_check! {
    /// Something keeps overwriting the caBundle that istiod writes into the webhook.
    ///
    /// ## What it finds
    /// The webhook configuration was changed at least 50 times since it was created, on average at least once in 5 minutes, and
    /// a caBundle in it within the last 10 minutes. The API server counts the changes in `metadata.generation`; a fight that began long after the
    /// webhook was created does not raise the average for some time. The managers of its fields are named with the time at which
    /// each wrote last.
    ///
    /// ## Why it matters
    /// istiod writes its root into the webhook whenever it finds another one there. A GitOps controller or a Helm release
    /// restores what its files say, or a second istiod with the same revision and another CA writes its own. Between these
    /// changes calls fail with `x509: certificate signed by unknown authority`, and pods are refused from time to time.
    ///
    /// ## How to fix it
    /// Tell the GitOps controller to leave the field alone; for Argo CD in the Application:
    ///
    /// ```yaml
    /// spec:
    ///   ignoreDifferences:
    ///     - group: admissionregistration.k8s.io
    ///       kind: MutatingWebhookConfiguration
    ///       jqPathExpressions: [".webhooks[]?.clientConfig.caBundle", ".webhooks[]?.failurePolicy"]
    /// ```
    ///
    /// Of two istiods with the same revision, give one another.
    ///
    /// ## References
    /// - Argo CD, Diff customization: <https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/>
    /// - Kubernetes, Conflicts: <https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts>
    /// - Istio 1.31, `pkg/webhooks/webhookpatch.go`
    "INJ237", "ca-bundle-fought-over", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| finding(case, destination));
    }
    found.verdict()
}

/// Whether istiod writes its root into the webhook of a destination, and somebody else another one.
pub fn is_fought_over(case: &Case, destination: &Destination) -> bool {
    let is_known = destination.route.istiod(case).is_some();
    is_known && churn(destination.configuration, case.now()).is_some()
}

fn finding(case: &Case, destination: &Destination) -> Result<Option<Finding>, Missing> {
    let configuration = destination.configuration;
    let Some(churn) = churn(configuration, case.now()) else {
        return Ok(None);
    };
    let (changes, since) = (churn.changes, churn.since);
    let words = format!(
        "{} was changed {changes} times since {since}, because istiod and somebody else keep overwriting what the other writes",
        destination.name()
    );
    if destination.route.istiod(case).is_none() {
        let reason = "which istiod writes into the webhook is not known";
        return Err(Missing(reason.to_owned()));
    }
    if overlooked(case, destination).is_some() {
        return Ok(None);
    }
    let obstacle = destination.route.obstacle(case);
    let finding = match obstacle.filter(|one| one.is_distrust()) {
        None => Finding::new(Severity::Warning, Effect::Beside, words),
        Some(obstacle) if forbidden(case, destination)?.is_none() => {
            let effect = effect(case, destination, obstacle);
            Finding::new(Severity::Error, effect, format!("{words}: {obstacle}"))
        }
        Some(_) => return Ok(None),
    };
    let writers = Evidence::new(object(configuration), ".metadata.managedFields[*].manager");
    let mut finding = finding
        .evidence(
            Evidence::new(object(configuration), ".metadata.generation")
                .actual((changes + 1).to_string()),
        )
        .evidence(writers.actual(writers_in_words(configuration)))
        .fix(look(destination));
    finding.evidence.extend(bundles(case, destination));
    Ok(Some(finding))
}

/// Who wrote entries of a configuration, and when last; the newest first.
fn writers_in_words(configuration: &MutatingWebhookConfiguration) -> String {
    let managers = configuration.metadata.managed_fields.iter().flatten();
    let of_entries = |one: &&ManagedFieldsEntry| {
        let fields = one.fields_v1.as_ref();
        fields.is_some_and(|fields| fields.0.get("f:webhooks").is_some())
    };
    let mut writers: Vec<(Option<Timestamp>, &str)> = managers
        .filter(of_entries)
        .map(|one| {
            let at = one.time.as_ref().map(|time| time.0);
            (at, one.manager.as_deref().unwrap_or_default())
        })
        .collect();
    writers.sort_by_key(|(at, _)| Reverse(*at));
    let words = writers.into_iter().map(|(at, manager)| match at {
        Some(at) => format!("{manager} at {at}"),
        None => manager.to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn look(destination: &Destination) -> Fix {
    Fix::new(
        "find who writes the webhook beside istiod, and have it leave caBundle alone",
        Risk::ReadOnly,
        "nothing: it shows the field managers, with the time at which each wrote last",
    )
    .show(show_managers(destination.configuration))
}
