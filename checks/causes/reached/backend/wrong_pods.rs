//! The Service selects something else than the istiod that it is for.

use crate::facts::kinds::Pod;

use crate::causes::reached::explanation::{Explain, Explanation, object};
use crate::causes::reached::istiod;
use crate::causes::reached::left_over::replace;
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::reached::place::Place;
use crate::causes::reached::selector::{in_words, selector_for, set};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::injector::label;
use crate::way::reached::{Backends, Leg, NoEndpoints, WrongPods, backends, endpoints};
use crate::way::{Answer, Case, Destination, Obstacle, Outcome, names};

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
    /// ## How to fix it
    /// Give the Service the selector that the installation ships: `app=istiod,istio=pilot` for the
    /// default revision, `app=istiod,istio.io/rev=REVISION` for any other.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/service.yaml`
    "INJ204", "service-selector", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| astray(case, destination));
    }
    found.note_obstacles::<NoEndpoints>(case, &CHECK);
    found.note_obstacles::<WrongPods>(case, &CHECK);
    found.verdict()
}

impl Explain for WrongPods {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let Some(place) = Place::of(case, destination)? else {
            return Ok(Explanation::of(self));
        };
        let selector = in_words(&istiod::selector(place.service));
        let pods = case.istiod_pods(&place.reference.namespace)?;
        let meant = istiod::deployment_of(case, destination)?;
        let message = format!("{self}, because it selects {selector}");
        explained(&place, message, &istiod::pods_of(pods, destination, meant))
    }
}

/// The explanation of a Service without endpoints that selects none of istiod's pods.
///
/// # Errors
/// [`Missing`] where the Deployments of istiod were not read.
pub fn selects_none(
    place: &Place,
    obstacle: &NoEndpoints,
    pods: &[&Pod],
) -> Result<Explanation, Missing> {
    let names: Vec<_> = pods.iter().map(|pod| istiod::pod_name(pod)).collect();
    let message = format!(
        "{obstacle} because it selects {}, which istiod's {} {} not labelled with",
        in_words(&istiod::selector(place.service)),
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
    );
    explained(place, message, pods)
}

/// The explanation of a Service whose selector is not that of istiod's pods.
fn explained(place: &Place, message: String, pods: &[&Pod]) -> Result<Explanation, Missing> {
    let deployment = istiod::deployment_of(place.case, place.destination)?;
    let wanted =
        deployment.and_then(|one| selector_for(place.case, &place.reference.namespace, one));
    let mut selector = place.selector();
    selector.expected = wanted.as_ref().map(in_words);
    let selected = istiod::selector(place.service);
    let of_interest = |key: &String| {
        selected.contains_key(key) || ["app", "istio", names::ISTIO_REV].contains(&key.as_str())
    };
    let labels = pods.iter().take(3).map(|pod| {
        let mut labels = pod.metadata.labels.clone().unwrap_or_default();
        labels.retain(|key, _| of_interest(key));
        let object = place.object("pod", istiod::pod_name(pod));
        Evidence::new(object, ".metadata.labels").actual(in_words(&labels))
    });
    let fixes = match (deployment, wanted) {
        (_, Some(wanted)) => vec![set(place.reference, place.service, &wanted)],
        (Some(_), None) => vec![see_labels(&place.reference.namespace)],
        (None, _) => replace(place.case, place.destination, place.reference),
    };
    let evidence = std::iter::once(selector).chain(labels);
    Ok(Explanation::new(&CHECK, message)
        .evidence(evidence)
        .fixes(fixes))
}

fn see_labels(namespace: &str) -> Fix {
    Fix::new(
        "see which labels tell istiod's pods from others",
        Risk::ReadOnly,
        "nothing: it shows the pods with their labels, of which the Service has to select istiod's",
    )
    .show(Command::kubectl([
        "get",
        "pods",
        "-n",
        namespace,
        "--show-labels",
    ]))
}

/// A Service that leads to several programs or revisions in turn, or to another revision than its own.
fn astray(case: &Case, destination: &Destination) -> Result<Option<Finding>, Missing> {
    let Some(reference) = destination.service() else {
        return Ok(None);
    };
    let Some(Answer::Yes(())) = destination.route.leg(case, Leg::Endpoints) else {
        return Ok(None);
    };
    let Ok(endpoints) = endpoints::<Obstacle>(case, reference)? else {
        return Ok(None);
    };
    let behind = backends(case, reference, &endpoints)?;
    let Some((where_to, effect)) = elsewhere(destination, &behind) else {
        return Ok(None);
    };
    let Some(service) = case.service(&reference.namespace, &reference.name)? else {
        return Ok(None);
    };
    let selects = in_words(&istiod::selector(service));
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
    let mut evidence = Evidence::new(
        object("service", &reference.name, &reference.namespace),
        ".spec.selector",
    )
    .actual(selects)
    .set_in(&service.metadata, &["spec", "selector"]);
    evidence.expected = wanted.as_ref().map(in_words);
    let finding = Finding::new(Severity::Error, effect, message).evidence(evidence);
    Ok(Some(match wanted {
        Some(wanted) => finding.fix(set(reference, service, &wanted)),
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
