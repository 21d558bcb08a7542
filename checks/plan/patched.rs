//! A snapshot as it will be after the steps of a fix: the one place that knows where the objects are.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
            Step::Command {
                does: Does::Shows | Does::Restarts,
                ..
            } => {}
            Step::Command {
                does: Does::Unforeseen(why),
                ..
            } => return Err((*why).to_owned()),
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
        "MutatingWebhookConfiguration" => match &mut cluster.webhooks {
            Fact::Got(all) => edit_in(
                all,
                |one| one.metadata.name.as_deref() == Some(name),
                change,
            )?,
            _ => false,
        },
        _ => {
            let mut found = false;
            for subject in &mut snapshot.subjects {
                let workloads = std::iter::once(&mut subject.object).chain(&mut subject.owners);
                for workload in workloads.filter_map(got) {
                    if is_it(workload, object) {
                        found = true;
                        edit_workload(workload, change)?;
                    }
                }
            }
            found
        }
    };
    if is_known {
        Ok(())
    } else {
        Err(format!("{} was not read", object.reference()))
    }
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

/// Changes one object of a list; false where it is not there.
fn edit_in<T: Serialize + DeserializeOwned>(
    list: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    change: &Change,
) -> Result<bool, String> {
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
