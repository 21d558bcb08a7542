//! istiod has a Deployment, and no pod.

use k8s_openapi::api::apps::v1::Deployment;

use super::ready::ready;
use crate::causes::reached::explanation::Cause;
use crate::causes::reached::istiod;
use crate::causes::reached::place::Place;
use crate::fixes::change_istiod;
use crate::report::{Command, Evidence, Fix, Patch, Risk};
use crate::rules::credentials::without_credentials;

/// Why this Deployment of istiod has no pod.
pub fn cause(place: &Place, deployment: &Deployment) -> Cause {
    match deployment.spec.as_ref().and_then(|spec| spec.replicas) {
        Some(0) => scaled_down(place, deployment),
        _ => failing(place, deployment),
    }
}

fn scaled_down(place: &Place, deployment: &Deployment) -> Cause {
    let name = istiod::name(deployment);
    let object = place.object("deployment", name);
    Cause {
        words: format!("deployment/{name} is scaled to 0"),
        evidence: vec![
            Evidence::new(object, ".spec.replicas")
                .actual("0")
                .expected("1 or more")
                .set_in(&deployment.metadata, &["spec", "replicas"]),
            ready(place),
        ],
        fixes: vec![change_istiod(
            Fix::new(
                format!("scale deployment/{name} up"),
                Risk::MeshWide,
                "istiod runs again, and the webhook's calls arrive",
            ),
            deployment,
            Patch::Replicas(1),
        )],
    }
}

/// A condition of a Deployment that says why it has no pods.
pub struct Failure<'a> {
    type_: &'a str,
    /// Its message.
    pub message: String,
}

impl Failure<'_> {
    /// The condition as evidence.
    pub fn evidence(&self, place: &Place, deployment: &Deployment) -> Evidence {
        let object = place.object("deployment", istiod::name(deployment));
        let path = format!(".status.conditions[?(@.type==\"{}\")].message", self.type_);
        Evidence::new(object, path).actual(&self.message)
    }
}

/// The conditions of a Deployment that say why it has no pods, ReplicaFailure first.
pub fn failures(deployment: &Deployment) -> Vec<Failure<'_>> {
    let conditions = deployment
        .status
        .iter()
        .flat_map(|status| &status.conditions);
    let failing = conditions
        .flatten()
        .filter(|one| (one.type_ == "ReplicaFailure") == (one.status == "True"));
    let failures = failing.filter_map(|one| {
        let message = without_credentials(one.message.as_deref()?);
        Some(Failure {
            type_: &one.type_,
            message,
        })
    });
    let mut failures: Vec<_> = failures.collect();
    failures.sort_by_key(|one| one.type_ != "ReplicaFailure");
    failures
}

fn failing(place: &Place, deployment: &Deployment) -> Cause {
    let name = istiod::name(deployment);
    let namespace = place.reference.namespace.as_str();
    let failures = failures(deployment);
    let why = failures.first().map_or_else(
        || "has no pods".to_owned(),
        |failure| format!("has no pods: {}", failure.message),
    );
    let conditions = failures
        .iter()
        .map(|failure| failure.evidence(place, deployment));
    let look = Fix::new(
        "see why istiod's Deployment makes no pods",
        Risk::ReadOnly,
        "nothing: it shows conditions and events",
    )
    .show(Command::kubectl([
        "describe",
        "deployment",
        name,
        "-n",
        namespace,
    ]))
    .show(Command::kubectl([
        "get",
        "events",
        "-n",
        namespace,
        "--sort-by=.lastTimestamp",
    ]));
    Cause {
        words: format!("deployment/{name} {why}"),
        evidence: std::iter::once(ready(place)).chain(conditions).collect(),
        fixes: vec![look],
    }
}
