//! istiod's pods are there, and none is ready.

use crate::facts::kinds::Pod;
use k8s_openapi::api::apps::v1::Deployment;

use super::pod_state::{self, cannot_start, has_restarted};
use super::ready::ready;
use crate::causes::reached::explanation::Cause;
use crate::causes::reached::istiod;
use crate::causes::reached::place::Place;
use crate::facts::Missing;
use crate::fixes::{await_rollout, restart_istiod};
use crate::report::{Command, Evidence, Fix, Risk};
use crate::way::injector::istiod_container;

/// What keeps these pods of istiod from being ready.
///
/// # Errors
/// [`Missing`] where the Deployments of istiod were not read.
pub fn cause(place: &Place, pods: &[&Pod]) -> Result<Cause, Missing> {
    let state = |pod: &&Pod| format!("pod {} is {}", istiod::pod_name(pod), pod_state::state(pod));
    let states: Vec<_> = pods.iter().take(3).map(state).collect();
    let evidence = pods.iter().take(3).map(|pod| {
        let object = place.object("pod", istiod::pod_name(pod));
        Evidence::new(object, ".status.conditions[?(@.type==\"Ready\")].status")
            .actual(format!("False: {}", pod_state::state(pod)))
            .expected("True")
    });
    let deployment = istiod::deployment_of(place.case, place.destination)?;
    Ok(Cause {
        words: states.join("; "),
        evidence: std::iter::once(ready(place)).chain(evidence).collect(),
        fixes: fixes(place, pods, deployment),
    })
}

fn fixes(place: &Place, pods: &[&Pod], deployment: Option<&Deployment>) -> Vec<Fix> {
    let namespace = place.reference.namespace.as_str();
    let mut fixes = Vec::new();
    if let Some(pod) = pods.first() {
        let name = istiod::pod_name(pod);
        let mut look = Fix::new(
            "see why istiod is not ready",
            Risk::ReadOnly,
            "nothing: it shows events and logs of the pod",
        )
        .show(Command::kubectl(["describe", "pod", name, "-n", namespace]));
        if !cannot_start(pod) {
            let container = istiod_container(pod).map_or("discovery", |one| one.name.as_str());
            let mut words = vec!["logs", name, "-n", namespace, "-c", container, "--tail=50"];
            words.extend(has_restarted(pod).then_some("--previous"));
            look = look.show(Command::kubectl(words));
        }
        fixes.push(look);
    }
    let Some(deployment) = deployment else {
        return fixes;
    };
    if let Some(undo) = roll_back(deployment, namespace) {
        let at = if pods.iter().any(|pod| cannot_start(pod)) {
            0
        } else {
            fixes.len()
        };
        fixes.insert(at, undo);
    }
    let restart = Fix::new(
        format!("restart deployment/{}", istiod::name(deployment)),
        Risk::MeshWide,
        "istiod starts again, which helps where what it waits for has come since",
    );
    fixes.push(restart_istiod(restart, deployment));
    fixes
}

/// Back to how the Deployment was before its last change; none where it has never been changed.
fn roll_back(deployment: &Deployment, namespace: &str) -> Option<Fix> {
    let annotations = deployment.metadata.annotations.as_ref()?;
    let revision: u64 = annotations
        .get("deployment.kubernetes.io/revision")?
        .parse()
        .ok()?;
    let reference = format!("deployment/{}", istiod::name(deployment));
    (revision > 1).then(|| {
        Fix::new(
            format!("undo the last change of {reference}"),
            Risk::MeshWide,
            format!("istiod runs as it did before revision {revision} of its Deployment"),
        )
        .unforeseen(
            Command::kubectl(["rollout", "undo", &reference, "-n", namespace]),
            "what the Deployment was like before is not read",
        )
        .undo(Command::kubectl([
            "rollout",
            "undo",
            &reference,
            "-n",
            namespace,
            &format!("--to-revision={revision}"),
        ]))
        .show(await_rollout(&reference, namespace))
    })
}
