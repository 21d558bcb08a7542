//! Changes of the pod template.

use k8s_openapi::api::core::v1::Container;
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::restart::{delete_pods, is_exportable, object, restart, resume};
use crate::facts::{Kind, Missing, Rollout, Template, Workload};
use crate::report::{Change, Field, Fix, Operation, Patch, Restart, Risk, Way};
use crate::way::Case;

/// A label or an annotation of the pod template, to set or to take away.
pub type Entry<'a> = (Field, &'a str, Option<&'a str>);

/// Changes labels and annotations of the pod template; the workload replaces its pods by itself.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn patch_template(
    case: &Case,
    title: &str,
    entries: &[Entry],
    effect: &str,
) -> Result<Fix, Missing> {
    patch_spec(case, title, metadata_patch(entries), effect)
}

fn metadata_patch(entries: &[Entry]) -> Value {
    let field_patch = |field: Field| {
        let own = entries.iter().filter(|(one, ..)| *one == field);
        let fields: Map<String, Value> = own
            .map(|(_, key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        (!fields.is_empty()).then(|| (field.name().to_owned(), Value::Object(fields)))
    };
    let fields = [Field::Labels, Field::Annotations].into_iter();
    let metadata: Map<String, Value> = fields.filter_map(field_patch).collect();
    json!({ "metadata": metadata })
}

/// Merges a patch into the pod template. Where the API server takes no change of it, the object is
/// created again; where it is somebody else's, the change is for them to make.
///
/// # Errors
/// [`Missing`] where the target or its pods were not read.
pub fn patch_spec(case: &Case, title: &str, patch: Value, effect: &str) -> Result<Fix, Missing> {
    let path = case.workload()?.template_path();
    let is_of_spec = patch.get("spec").is_some();
    let patch = Patch::Merge(at_template(path, patch));
    change(case, title, (patch, is_of_spec), effect)
}

/// Changes lists of the pod template, which a merge patch only replaces as a whole, by operations whose places are within
/// the template.
///
/// # Errors
/// [`Missing`] where the target or its pods were not read.
pub fn patch_lists(
    case: &Case,
    title: &str,
    operations: Vec<Operation>,
    effect: &str,
) -> Result<Fix, Missing> {
    let template = pointer(case.workload()?.template_path());
    let place = |place: String| format!("{template}{place}");
    let operations = operations.into_iter().map(|one| match one {
        Operation::Test(path, value) => Operation::Test(place(path), value),
        Operation::Add(path, value) => Operation::Add(place(path), value),
        Operation::Remove(path) => Operation::Remove(place(path)),
    });
    let patch = Patch::Operations(operations.collect());
    change(case, title, (patch, true), effect)
}

/// A container that the pod template itself brings, by its name: its place in the template, and what it is to be.
pub fn container_of_template<'w>(
    workload: &'w Workload,
    name: &str,
) -> Option<(String, &'w Container)> {
    let spec = &workload.template.spec;
    let init = spec.init_containers.as_deref().unwrap_or_default();
    let lists = [
        ("containers", spec.containers.as_slice()),
        ("initContainers", init),
    ];
    lists.into_iter().find_map(|(list, all)| {
        let at = all.iter().position(|one| one.name == name)?;
        Some((format!("/spec/{list}/{at}"), all.get(at)?))
    })
}

fn change(
    case: &Case,
    title: &str,
    (patch, is_of_spec): (Patch, bool),
    effect: &str,
) -> Result<Fix, Missing> {
    let workload = case.workload()?;
    let fix = |way: Way, effect: String| {
        let change = Change {
            object: object(case, workload),
            patch: patch.clone(),
            way,
        };
        Fix::new(title, Risk::RestartsPods, effect).change(change, &in_api_form(workload))
    };
    let by_hand = |whose: String| fix(Way::ByHand, format!("{effect}, once {whose}"));
    if let Some(manifest) = case.manifest() {
        return Ok(by_hand(match manifest {
            "-" => "the manifest is changed and applied".to_owned(),
            file => format!("{file} is changed and applied"),
        }));
    }
    if let Some(owner) = workload.owner() {
        return Ok(by_hand(format!(
            "it is changed in {owner}, which owns {}",
            workload.reference()
        )));
    }
    let in_place = |restart: Restart| fix(Way::InPlace, effect.to_owned()).restart(restart);
    Ok(match (workload.kind, workload.rollout) {
        (Kind::Deployment, Rollout::Paused) => in_place(resume(case, workload)),
        (Kind::StatefulSet | Kind::DaemonSet, Rollout::OnDelete) => in_place(restart(case)?),
        (Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet, _) => in_place(Restart::default()),
        (Kind::CronJob, _) => in_place(restart(case)?),
        (Kind::ReplicaSet, _) => in_place(delete_pods(case)?),
        // An export is changed by a merge patch only, which knows no elements of lists.
        (Kind::Pod | Kind::Job, _) if matches!(patch, Patch::Operations(_)) => {
            by_hand("its manifest is changed; delete it and create it again".to_owned())
        }
        (Kind::Pod, _) if !is_exportable(workload) => {
            by_hand("its manifest is changed; delete the pod and create it again".to_owned())
        }
        // Labels and annotations can be changed in the pod that runs, its spec cannot.
        (Kind::Pod, _) if !is_of_spec => in_place(restart(case)?),
        (Kind::Pod, _) => fix(Way::Recreate, effect.to_owned()),
        (Kind::Job, _) => fix(
            Way::Recreate,
            format!("{effect}; the Job runs again from its beginning"),
        ),
        (Kind::MutatingWebhookConfiguration, _) => by_hand("its manifest is changed".to_owned()),
    })
}

/// The place of the pod template as a JSON pointer.
fn pointer(path: &str) -> String {
    path.replace('.', "/")
}

/// A patch of the pod template as one of the whole object.
fn at_template(path: &str, patch: Value) -> Value {
    let steps = path.split('.').filter(|step| !step.is_empty());
    steps.rfold(patch, |patch, step| json!({ step: patch }))
}

/// A workload in the form of the API, as far as it is known.
pub fn in_api_form(workload: &Workload) -> Value {
    let object = match workload.template_path() {
        "" => json!({ "metadata": workload.template.metadata, "spec": workload.template.spec }),
        path => at_template(path, json!(workload.template)),
    };
    let mut own = json!({ "metadata": workload.metadata });
    if let Some(replicas) = workload.replicas {
        json_patch::merge(&mut own, &json!({ "spec": { "replicas": replicas } }));
    }
    json_patch::merge(&mut own, &object);
    own
}

/// A workload with what is different in its form of the API.
///
/// # Errors
/// Why it is none.
pub fn from_api(workload: &Workload, object: &Value) -> Result<Workload, String> {
    let read = |error: serde_json::Error| error.to_string();
    let metadata = object.get("metadata").cloned().unwrap_or_default();
    let template = object
        .pointer(&pointer(workload.template_path()))
        .cloned()
        .unwrap_or_default();
    let paused = object.pointer("/spec/paused").and_then(Value::as_bool);
    Ok(Workload {
        metadata: serde_json::from_value(metadata).map_err(read)?,
        template: Template::deserialize(template).map_err(read)?,
        rollout: match (workload.rollout, paused) {
            (Rollout::Paused, Some(false)) => Rollout::Automatic,
            (rollout, _) => rollout,
        },
        ..workload.clone()
    })
}
