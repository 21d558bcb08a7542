//! An entry that istiod does not take for one of its own.

use super::bundles::bundles;
use super::istios_name::{evidence, is_misnamed, rename};
use super::label;
use super::repair;
use crate::causes::reached::obstacle_findings::{Found, effect};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Finding, Severity};
use crate::way::reached::Leg;
use crate::way::{Answer, Case, Destination, names};

declare_check! {
    /// The name of the webhook's entry does not end in sidecar-injector.istio.io, so that no istiod keeps its caBundle right.
    ///
    /// ## What it finds
    /// An injection entry that leads to an istiod has another name, as those made by hand have, and no other
    /// program fills in its caBundle.
    ///
    /// ## Why it matters
    /// istiod fills in caBundle only for entries whose names end so, and says nothing about others: without
    /// one, caBundle stays empty, or goes stale as soon as the root changes. Nor does a restart of istiod
    /// help.
    ///
    /// ## How to fix it
    /// Give the entry such a name: istiod fills in caBundle at once. Patching the root in helps until it
    /// changes.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/webhooks/webhookpatch.go`
    "INJ214", "webhook-entry-name", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| match destination.route.leg(case, Leg::Backend) {
            _ if !is_misnamed(destination) => Ok(None),
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
    let istiod = destination.route.istiod(case)?;
    let message = format!(
        "entry {} of {} has a name that does not end in {}, so istiod of revision {}, which it calls, does not keep its caBundle right",
        destination.entry.name,
        destination.name(),
        names::INJECTOR_SUFFIX,
        istiod.revision
    );
    let obstacle = destination.route.leg(case, Leg::Trust).and_then(Answer::no);
    let (severity, effect) = match obstacle {
        Some(obstacle) => (Severity::Error, effect(case, destination, obstacle)),
        None => (Severity::Warning, Effect::Beside),
    };
    let mut finding = Finding::new(severity, effect, message).evidence(evidence(destination));
    finding.evidence.extend(bundles(case, destination));
    finding.fixes = match obstacle {
        Some(_) => repair::fixes(case, destination, &label::of(case, destination)),
        None => rename(destination).into_iter().collect(),
    };
    Some(finding)
}
