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

fn failing(place: &Place, deployment: &Deployment) -> Cause {
    let name = istiod::name(deployment);
    let namespace = place.reference.namespace.as_str();
    let object = place.object("deployment", name);
    let conditions = deployment
        .status
        .iter()
        .flat_map(|status| &status.conditions)
        .flatten();
    let failures: Vec<_> = conditions
        .filter(|one| (one.type_ == "ReplicaFailure") == (one.status == "True"))
        .filter_map(|one| {
            let message = without_credentials(one.message.as_deref()?);
            Some((one.type_.as_str(), message))
        })
        .collect();
    let why = failures
        .iter()
        .find(|(type_, _)| *type_ == "ReplicaFailure");
    let why = why.or(failures.first()).map_or_else(
        || "has no pods".to_owned(),
        |(_, message)| format!("has no pods: {message}"),
    );
    let conditions = failures.iter().map(|(type_, message)| {
        let path = format!(".status.conditions[?(@.type==\"{type_}\")].message");
        Evidence::new(object.clone(), path).actual(message)
    });
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
