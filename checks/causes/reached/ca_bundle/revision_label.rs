//! No istiod feels responsible for the webhook.

use super::bundles::bundles;
use super::label::{self, Label};
use super::repair;
use crate::causes::reached::obstacle_findings::{Found, effect};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::reached::Leg;
use crate::way::{Answer, Destination, names};

declare_check! {
    /// The webhook's label istio.io/rev is missing or wrong, so that no istiod keeps its caBundle right.
    ///
    /// ## What it finds
    /// Label `istio.io/rev` of the webhook configuration is not the revision of the istiod that it leads
    /// to: its environment variable `REVISION`. A webhook of a tag bears the revision that the tag
    /// stands for.
    ///
    /// ## Why it matters
    /// istiod fills in caBundle only for webhooks with its own revision, and says nothing about others.
    /// Without the label caBundle stays empty, or goes stale as soon as the root changes.
    ///
    /// ## How to fix it
    /// Set the label: istiod patches caBundle at once.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/webhooks/webhookpatch.go`
    "INJ211", "webhook-revision-label", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| match destination.route.leg(case, Leg::Backend) {
            _ if destination.service().is_none() => Ok(None),
            Some(Answer::Unknown(missing)) => Err(missing.clone()),
            None => destination
                .route
                .unknown(case)
                .cloned()
                .map_or(Ok(None), Err),
            Some(_) => Ok(finding(case, destination)),
        });
    }
    found.verdict()
}

fn finding(case: &Case, destination: &Destination) -> Option<Finding> {
    let found = label::of(case, destination);
    let (key, name) = (names::ISTIO_REV, destination.name());
    let revision = &destination.route.istiod(case)?.revision;
    let wrong = match &found {
        Label::Fine => return None,
        Label::Missing => format!("{name} has no label {key}"),
        Label::Other(other) => format!("label {key} of {name} is {other}"),
    };
    let message = format!(
        "{wrong}, so istiod of revision {revision}, which it calls, does not keep its caBundle right"
    );
    let obstacle = destination.route.leg(case, Leg::Trust).and_then(Answer::no);
    let (severity, effect) = match obstacle {
        Some(obstacle) => (Severity::Error, effect(case, destination, obstacle)),
        None => (Severity::Warning, Effect::Beside),
    };
    let mut finding =
        Finding::new(severity, effect, message).evidence(label::evidence(case, destination));
    finding.evidence.extend(bundles(case, destination));
    finding.fixes = match obstacle {
        Some(_) => repair::fixes(case, destination, &found),
        None => label::set(case, destination).into_iter().collect(),
    };
    Some(finding)
}
