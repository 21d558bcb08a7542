//! A snapshot as it will be after the steps of a fix: the one place that knows where the objects are.

use k8s_openapi::Metadata;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::controllers::{follow, roll_out, select};
use crate::facts::{Fact, Snapshot, Subject, Workload, key};
use crate::fixes::{from_api, in_api_form};
use crate::report::{Change, Does, Object, Step};

/// The snapshot with a single subject.
pub fn alone(snapshot: &Snapshot, subject: &Subject) -> Snapshot {
    Snapshot {
        api_version: snapshot.api_version.clone(),
        kind: snapshot.kind.clone(),
        recorded_at: snapshot.recorded_at,
        connection: snapshot.connection.clone(),
        cluster: snapshot.cluster.clone(),
        subjects: vec![subject.clone()],
    }
}

/// The snapshot after some steps.
///
/// # Errors
/// Why it cannot be told what it will be: a clause that stands after "because".
pub fn patched(mut snapshot: Snapshot, steps: &[Step]) -> Result<Snapshot, String> {
    for step in steps {
        match step {
            Step::Change { change, .. } => apply(&mut snapshot, change)?,
            Step::Command { does, .. } => match does {
                Does::Shows | Does::Restarts => {}
                Does::RollsOut(deployment) => roll_out(&mut snapshot, deployment)?,
                Does::Creates(object, form) => create(&mut snapshot, object, form)?,
                Does::Unforeseen(why) => return Err((*why).to_owned()),
            },
        }
    }
    Ok(snapshot)
}

fn apply(snapshot: &mut Snapshot, change: &Change) -> Result<(), String> {
    let object = &change.object;
    let cluster = &mut snapshot.cluster;
    let name = object.name.as_str();
    let key = key(object.namespace.as_deref().unwrap_or_default(), name);
    let is_known = match object.kind {
        "Namespace" => edit(cluster.namespaces.get_mut(name), change)?,
        "ConfigMap" => edit(cluster.config_maps.get_mut(&key), change)?,
        "Service" => edit(cluster.services.get_mut(&key), change)?,
        "MutatingWebhookConfiguration" => edit_in(Some(&mut cluster.webhooks), name, change)?,
        _ => {
            let own = edit_workloads(&mut snapshot.subjects, change)?;
            let namespace = object.namespace.as_deref().unwrap_or_default();
            let istiods = cluster.deployments.get_mut(namespace);
            let is_istiod = object.kind == "Deployment" && edit_in(istiods, name, change)?;
            own || is_istiod
        }
    };
    if is_known {
        follow(snapshot, change)
    } else {
        Err(format!("{} was not read", object.reference()))
    }
}

/// A Service that is created; what else a fix creates, nothing here looks at.
fn create(snapshot: &mut Snapshot, object: &Object, form: &Value) -> Result<(), String> {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let service = serde_json::from_value(form.clone()).map_err(|error| error.to_string())?;
    let services = &mut snapshot.cluster.services;
    services.insert(key(namespace, &object.name), Fact::Got(service));
    select(snapshot, namespace)
}

/// Changes the target or an owner of it; false where it is none of them.
fn edit_workloads(subjects: &mut [Subject], change: &Change) -> Result<bool, String> {
    let mut found = false;
    for subject in subjects {
        let workloads = std::iter::once(&mut subject.object).chain(&mut subject.owners);
        for workload in workloads.filter_map(got) {
            if is_it(workload, &change.object) {
                found = true;
                edit_workload(workload, change)?;
            }
        }
    }
    Ok(found)
}

fn got<T>(fact: &mut Fact<T>) -> Option<&mut T> {
    match fact {
        Fact::Got(value) => Some(value),
        _ => None,
    }
}

fn is_it(workload: &Workload, object: &Object) -> bool {
    let name = workload.metadata.name.as_deref().unwrap_or_default();
    workload.kind.name() == object.kind && name == object.name
}

fn edit_workload(workload: &mut Workload, change: &Change) -> Result<(), String> {
    let mut form = in_api_form(workload);
    change.apply(&mut form)?;
    *workload = from_api(workload, &form)?;
    Ok(())
}

/// Changes an object; false where it was not read.
fn edit<T: Serialize + DeserializeOwned>(
    fact: Option<&mut Fact<T>>,
    change: &Change,
) -> Result<bool, String> {
    let Some(fact) = fact else {
        return Ok(false);
    };
    let Fact::Got(object) = &*fact else {
        return Ok(false);
    };
    *fact = edited(object, change)?.map_or(Fact::Absent, Fact::Got);
    Ok(true)
}

/// Changes one object of a list; false where it was not read, or is not there.
fn edit_in<T>(fact: Option<&mut Fact<Vec<T>>>, name: &str, change: &Change) -> Result<bool, String>
where
    T: Serialize + DeserializeOwned + Metadata<Ty = ObjectMeta>,
{
    let Some(list) = fact.and_then(got) else {
        return Ok(false);
    };
    let is_it = |one: &T| one.metadata().name.as_deref() == Some(name);
    let Some(position) = list.iter().position(is_it) else {
        return Ok(false);
    };
    let object = list.remove(position);
    if let Some(changed) = edited(&object, change)? {
        list.insert(position, changed);
    }
    Ok(true)
}

/// A changed object; none where it is deleted.
fn edited<T: Serialize + DeserializeOwned>(
    object: &T,
    change: &Change,
) -> Result<Option<T>, String> {
    let mut value = serde_json::to_value(object).map_err(|error| error.to_string())?;
    change.apply(&mut value)?;
    if value == Value::Null {
        return Ok(None);
    }
    let changed = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(Some(changed))
}
