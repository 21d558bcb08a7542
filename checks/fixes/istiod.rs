//! Changes of istiod's Deployment and of its Service.

use k8s_openapi::api::apps::v1::Deployment;

use crate::report::{Change, Command, Does, Fix, Object, Patch};

/// A fix that also restarts istiod, and waits until it is ready.
pub fn restart_istiod(fix: Fix, deployment: &Deployment) -> Fix {
    let object = deployment_object(deployment);
    let is_paused = deployment
        .spec
        .as_ref()
        .is_some_and(|spec| spec.paused == Some(true));
    let fix = match is_paused {
        // kubectl restarts no Deployment that is paused.
        true => fix.change(
            Change::new(object.clone(), Patch::Paused(false)),
            deployment,
        ),
        false => fix,
    };
    let reference = object.reference();
    let namespace = object.namespace.unwrap_or_default();
    let words = ["rollout", "restart", &reference, "-n", &namespace];
    await_istiod(
        fix.command(Command::kubectl(words), Does::Restarts),
        deployment,
    )
}

/// A fix that also changes istiod's Deployment, and waits until it is ready.
pub fn change_istiod(fix: Fix, deployment: &Deployment, patch: Patch) -> Fix {
    let change = Change::new(deployment_object(deployment), patch);
    await_istiod(fix.change(change, deployment), deployment)
}

fn await_istiod(fix: Fix, deployment: &Deployment) -> Fix {
    let object = deployment_object(deployment);
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let wait = await_rollout(&object.reference(), namespace);
    fix.command(wait, Does::RollsOut(object))
}

/// The command that waits until the pods of a Deployment are ready.
pub fn await_rollout(reference: &str, namespace: &str) -> Command {
    let words = ["rollout", "status", reference, "-n", namespace];
    Command::kubectl(words.into_iter().chain(["--timeout=2m"]))
}

/// A Deployment in the terms of changes.
pub fn deployment_object(deployment: &Deployment) -> Object {
    let metadata = &deployment.metadata;
    Object::new(
        "Deployment",
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}
