//! The restart of the target's pods: they are injected when they are created, and never later.

use crate::facts::{Kind, Missing, Owner, Rollout, Workload};
use crate::report::{Change, Command, Does, Object, Patch, Restart, Step, recreate};
use crate::way::{Case, names};

/// What makes the target's pods again.
///
/// # Errors
/// [`Missing`] where the target or its pods were not read.
pub fn restart(case: &Case) -> Result<Restart, Missing> {
    let workload = case.workload()?;
    if let Some(manifest) = case.manifest() {
        return Ok(of_manifest(case, manifest));
    }
    if let Some(owner) = workload.owner() {
        return of_owner(case, workload, &owner);
    }
    let object = object(case, workload);
    Ok(match (workload.kind, workload.rollout) {
        (Kind::Deployment, Rollout::Paused) => {
            let mut all = resume(case, workload);
            all.steps.push(rollout_restart(&object));
            all
        }
        (Kind::StatefulSet | Kind::DaemonSet, Rollout::OnDelete) => Restart {
            note: format!("; {} replaces no pod that runs", workload.reference()),
            ..delete_pods(case)?
        },
        (Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet, _) => {
            all_of([rollout_restart(&object)])
        }
        (Kind::ReplicaSet, _) => delete_pods(case)?,
        (Kind::Pod, _) if is_exportable(workload) => all_of(recreated(&object)),
        (Kind::Pod, _) => told("; delete the pod and create it again from its manifest"),
        (Kind::Job, _) => Restart {
            note: "; the Job runs again from its beginning".to_owned(),
            ..all_of(recreated(&object))
        },
        (Kind::CronJob, _) => told("; the pods of the next run are the first to have it"),
        (Kind::MutatingWebhookConfiguration, _) => Restart::default(),
    })
}

/// The object that makes the pods.
pub fn object(case: &Case, workload: &Workload) -> Object {
    let name = workload.metadata.name.as_deref().unwrap_or_default();
    Object::new(workload.kind.name(), &case.target().namespace, name)
}

/// Whether a pod can be created again from what the API server holds: an injected one would keep the
/// sidecar that it has.
pub fn is_exportable(pod: &Workload) -> bool {
    let annotations = pod.metadata.annotations.as_ref();
    !annotations.is_some_and(|all| all.contains_key(names::STATUS))
}

/// Lets a paused Deployment go on.
pub fn resume(case: &Case, workload: &Workload) -> Restart {
    let resume = Change::new(object(case, workload), Patch::Paused(false));
    let pause = Change::new(object(case, workload), Patch::Paused(true));
    Restart {
        steps: vec![Step::Change {
            change: Box::new(resume),
            back: Some(Box::new(pause)),
        }],
        note: format!(
            "; {} is paused and goes on, with whatever else was changed in it meanwhile",
            workload.reference()
        ),
    }
}

/// Deletes the target's pods, which its controller makes again.
///
/// # Errors
/// [`Missing`] where they were not read.
pub fn delete_pods(case: &Case) -> Result<Restart, Missing> {
    let pods = case.pods()?.into_iter();
    let names: Vec<_> = pods.filter_map(|pod| pod.name.clone()).collect();
    if names.is_empty() {
        return Ok(Restart::default());
    }
    let words = ["delete", "pod"].map(str::to_owned).into_iter();
    let namespace = ["-n".to_owned(), case.target().namespace.clone()];
    let delete = Command::kubectl(words.chain(names).chain(namespace));
    Ok(all_of([makes_pods_again(delete)]))
}

fn of_manifest(case: &Case, manifest: &str) -> Restart {
    // Standard input cannot be read twice.
    if manifest == "-" {
        return told(", once the manifest is applied");
    }
    let namespace = case.target().namespace.as_str();
    let apply = Command::kubectl(["apply", "-n", namespace, "-f", manifest]);
    all_of([makes_pods_again(apply)])
}

fn of_owner(case: &Case, workload: &Workload, owner: &Owner) -> Result<Restart, Missing> {
    let reference = workload.reference();
    Ok(match workload.kind {
        // Only the owner knows whether and how there will be another one.
        Kind::Pod | Kind::Job => told(&format!("; {owner} has to create {reference} again")),
        Kind::CronJob => told("; the pods of the next run are the first to have it"),
        // What a restart writes into the template, the owner may take for a change to undo.
        _ => Restart {
            note: format!(
                "; {owner} owns {reference}, so its pods are deleted and nothing is changed in it"
            ),
            ..delete_pods(case)?
        },
    })
}

fn rollout_restart(object: &Object) -> Step {
    Step::Command {
        command: Object::restart(&[object]),
        does: Does::RestartsAll(object.clone()),
        back: None,
    }
}

fn recreated(object: &Object) -> impl Iterator<Item = Step> {
    let commands = recreate(object, serde_json::json!({}));
    commands.into_iter().map(makes_pods_again)
}

fn makes_pods_again(command: Command) -> Step {
    Step::Command {
        command,
        does: Does::Restarts,
        back: None,
    }
}

fn all_of(steps: impl IntoIterator<Item = Step>) -> Restart {
    Restart {
        steps: steps.into_iter().collect(),
        note: String::new(),
    }
}

fn told(note: &str) -> Restart {
    Restart {
        steps: Vec::new(),
        note: note.to_owned(),
    }
}
