//! The Service selects something else than the istiod that it is for.

use super::endpoint_cause::{Why, why};
use super::selector::selector_for;
use super::{explain, selector};
use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Evidence, Finding, Severity};
use crate::way::Case;
use crate::way::injector::label;
use crate::way::reached::{Backends, Leg, backends, endpoints};
use crate::way::{Answer, Destination, Obstacle, Outcome, names};

declare_check! {
    /// The Service of the webhook selects no pod of istiod, or pods of something else.
    ///
    /// ## What it finds
    /// The pods of istiod are there, but not under the labels that the Service selects; or the
    /// Service selects other programs, or istiods of other revisions than its own.
    ///
    /// ## Why it matters
    /// Calls end nowhere, at somebody who does not serve the injector, or at the wrong revision, and
    /// that may change from call to call.
    ///
    /// ## How to heal it
    /// Give the Service the selector that the installation ships: `app=istiod,istio=pilot` for the
    /// default revision, `app=istiod,istio.io/rev=REVISION` for any other.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/service.yaml`
    "INJ204", "service-selector", Reached, about Webhooks,
    folds [],
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| astray(case, destination));
    }
    found.note_obstacles(
        case,
        &[Leg::Ready, Leg::Istiod],
        |destination, obstacle| match obstacle {
            Obstacle::WrongPods(_) => Ok(true),
            Obstacle::NoEndpoints { .. } => Ok(matches!(why(case, destination)?, Why::Selector(_))),
            _ => Ok(false),
        },
    );
    found.verdict()
}

/// A Service that leads to several programs or revisions in turn, or to another revision than its own.
fn astray(case: &Case, destination: &Destination) -> Result<Option<Finding>, Missing> {
    let Some(reference) = destination.service() else {
        return Ok(None);
    };
    let Some(Answer::Yes(())) = destination.route.leg(Leg::Ready) else {
        return Ok(None);
    };
    let Ok(endpoints) = endpoints(case, reference)? else {
        return Ok(None);
    };
    let behind = backends(case, reference, &endpoints)?;
    let Some((where_to, effect)) = elsewhere(destination, &behind) else {
        return Ok(None);
    };
    let Some(service) = case.service(&reference.namespace, &reference.name)? else {
        return Ok(None);
    };
    let selects = selector::in_words(&istiod::selector(service));
    let message = format!(
        "the webhook's Service {} in {} selects {selects}, which leads to {where_to}",
        reference.name, reference.namespace
    );
    // The Deployment of the Service's name, as what the Service selects is just what is wrong.
    let deployments = istiod::deployments(case, &reference.namespace)?;
    let own = deployments
        .into_iter()
        .find(|one| one.metadata.name.as_ref() == Some(&reference.name));
    let wanted = own.and_then(|own| selector_for(case, &reference.namespace, own));
    let mut evidence = Evidence::new(explain::object_of(reference), ".spec.selector")
        .actual(selects)
        .set_in(&service.metadata, &["spec", "selector"]);
    evidence.expected.clone_from(&wanted);
    let finding = Finding::new(Severity::Error, effect, message).evidence(evidence);
    Ok(Some(match wanted {
        Some(wanted) => finding.fix(selector::set(reference, service, &wanted)),
        None => finding,
    }))
}

fn elsewhere(destination: &Destination, behind: &Backends) -> Option<(String, Effect)> {
    let mut revisions: Vec<_> = behind
        .istiods
        .iter()
        .map(|(_, istiod, _)| &istiod.revision)
        .collect();
    revisions.sort();
    revisions.dedup();
    let first = revisions.first()?;
    if !behind.others.is_empty() {
        let others = behind.others.join(", ");
        return Some((
            format!("istiod and {others} in turn"),
            Effect::Decides(Outcome::Rejected),
        ));
    }
    if revisions.len() > 1 {
        let all: Vec<_> = revisions.iter().map(|one| one.as_str()).collect();
        let all = all.join(" and ");
        return Some((
            format!("istiods of revisions {all} in turn"),
            Effect::Decides(Outcome::Injected),
        ));
    }
    let wanted = label(destination.configuration, names::ISTIO_REV)?;
    let is_named_for = |revision: &str| {
        destination
            .service()
            .is_some_and(|service| service.name == names::with_revision("istiod", revision))
    };
    (wanted != first.as_str() && is_named_for(wanted)).then(|| {
        (
            format!("istiod of revision {first}, not {wanted}"),
            Effect::Decides(Outcome::Injected),
        )
    })
}
