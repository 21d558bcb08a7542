//! The commands that many fixes share.

use serde_json::{Map, Value, json};

use crate::facts::{Kind, Missing, Workload};
use crate::report::{Command, Fix, Risk};
use crate::way::Case;
use crate::way::names;
use crate::way::relabelled::Label;

/// Commands after which the workload's pods have been made anew. Pods are never injected in place.
/// Empty where only the pod's author can make it again, or where the next run does.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn restart(case: &Case) -> Result<Vec<Command>, Missing> {
    let workload = case.workload()?;
    let namespace = case.target().namespace.as_str();
    if let Some(manifest) = case.manifest() {
        // Standard input cannot be read twice.
        if manifest == "-" {
            return Ok(Vec::new());
        }
        return Ok(vec![Command::kubectl([
            "apply", "-n", namespace, "-f", manifest,
        ])]);
    }
    Ok(match workload.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {
            let reference = workload.reference();
            vec![Command::kubectl([
                "rollout",
                "restart",
                reference.as_str(),
                "-n",
                namespace,
            ])]
        }
        Kind::ReplicaSet => case
            .pods()?
            .iter()
            .filter_map(|pod| pod.name.as_deref())
            .map(|pod| Command::kubectl(["delete", "pod", pod, "-n", namespace]))
            .collect(),
        Kind::Pod | Kind::Job | Kind::CronJob | Kind::MutatingWebhookConfiguration => Vec::new(),
    })
}

/// What a person has to do beyond the commands of [`restart`], as a clause that ends a sentence.
pub fn after_restart(workload: &Workload) -> &'static str {
    match workload.kind {
        Kind::Pod => "; delete the pod and create it again from its manifest",
        Kind::Job => "; delete the Job and create it again from its manifest",
        Kind::CronJob => "; the pods of the next run are the first to have it",
        _ => "",
    }
}

/// Sets a label on the target's namespace, taking the other injection label away with it, and makes
/// the pods anew.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn label_namespace(case: &Case, (key, value): &Label) -> Result<Fix, Missing> {
    let name = case.target().namespace.as_str();
    let wanted = [(*key, Some(value.as_str()))];
    let other = [names::ISTIO_INJECTION, names::ISTIO_REV]
        .into_iter()
        .find(|other| other != key);
    let others = other.into_iter().map(|other| (other, None));
    let title = format!("label the namespace {key}={value}, then make its pods anew");
    relabel_namespace(case, &title, wanted.into_iter().chain(others)).map(|fix| Fix {
        changes: format!("every new pod in {name} gets the sidecar{}", fix.changes),
        ..fix
    })
}

/// Takes labels off the target's namespace, and makes the pods anew.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn unlabel_namespace(case: &Case, keys: &[&str], changes: &str) -> Result<Fix, Missing> {
    let noun = if keys.len() == 1 { "label" } else { "labels" };
    let title = format!(
        "remove {noun} {} from the namespace, then make its pods anew",
        keys.join(" and ")
    );
    relabel_namespace(case, &title, keys.iter().map(|key| (*key, None))).map(|fix| Fix {
        changes: format!("{changes}{}", fix.changes),
        ..fix
    })
}

fn relabel_namespace<'a>(
    case: &Case,
    title: &str,
    labels: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<Fix, Missing> {
    let name = case.target().namespace.as_str();
    let namespace = case.namespace()?;
    let now = namespace.and_then(|namespace| namespace.metadata.labels.as_ref());
    let (mut set, mut undo) = (Vec::new(), Vec::new());
    for (key, value) in labels {
        let before = now.and_then(|labels| labels.get(key)).map(String::as_str);
        if before != value {
            set.push(assignment(key, value));
            undo.push(assignment(key, before));
        }
    }
    let label = |assignments: Vec<String>| {
        let words = ["label", "namespace", name].map(str::to_owned);
        let all = words
            .into_iter()
            .chain(assignments)
            .chain(["--overwrite".to_owned()]);
        Command::kubectl(all)
    };
    let workload = case.workload()?;
    Ok(Fix::new(title, Risk::RestartsPods, after_restart(workload))
        .run(label(set))
        .run_all(restart(case)?)
        .undo(label(undo)))
}

/// How `kubectl label` and `kubectl annotate` spell a value, or its absence.
pub fn assignment(key: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("{key}={value}"),
        None => format!("{key}-"),
    }
}

/// Where in a pod template's metadata a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `metadata.labels`
    Labels,
    /// `metadata.annotations`
    Annotations,
}

impl Field {
    /// The field's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }
}

/// A change of the pod template's metadata: labels or annotations to set, or to take away.
pub type Change<'a> = (Field, &'a str, Option<&'a str>);

/// Changes labels and annotations of the pod template; the workload makes its pods anew by itself.
/// Without commands where the template cannot be changed: then the pod's author must.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn patch_template(
    case: &Case,
    title: &str,
    changes: &[Change],
    effect: &str,
) -> Result<Fix, Missing> {
    let workload = case.workload()?;
    let metadata = &workload.template.metadata;
    let before = changes.iter().map(|(field, key, _)| {
        let map = match field {
            Field::Labels => &metadata.labels,
            Field::Annotations => &metadata.annotations,
        };
        (
            *field,
            *key,
            map.as_ref()
                .and_then(|map| map.get(*key))
                .map(String::as_str),
        )
    });
    let undo = metadata_patch(&before.collect::<Vec<_>>());
    patch_spec(case, title, metadata_patch(changes), undo, effect)
}

fn metadata_patch(changes: &[Change]) -> Value {
    let field_patch = |field: Field| {
        let own = changes.iter().filter(|(one, ..)| *one == field);
        let fields: Map<String, Value> = own
            .map(|(_, key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        (!fields.is_empty()).then(|| (field.name().to_owned(), Value::Object(fields)))
    };
    let fields = [Field::Labels, Field::Annotations].into_iter();
    let metadata: Map<String, Value> = fields.filter_map(field_patch).collect();
    json!({ "metadata": metadata })
}

/// Merges `patch` into the pod template, and `undo` back.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn patch_spec(
    case: &Case,
    title: &str,
    patch: Value,
    undo: Value,
    effect: &str,
) -> Result<Fix, Missing> {
    let workload = case.workload()?;
    let fix = |effect: String| Fix::new(title, Risk::RestartsPods, effect);
    if let Some(manifest) = case.manifest() {
        return Ok(fix(format!(
            "{effect}, once {manifest} is changed and applied"
        )));
    }
    let reference = workload.reference();
    let patch_command = |patch: Value| {
        let patch = match workload.kind {
            Kind::CronJob => {
                json!({ "spec": { "jobTemplate": { "spec": { "template": patch } } } })
            }
            _ => json!({ "spec": { "template": patch } }),
        };
        let namespace = case.target().namespace.as_str();
        Command::kubectl([
            "patch".to_owned(),
            reference.clone(),
            "-n".to_owned(),
            namespace.to_owned(),
            "--type".to_owned(),
            "merge".to_owned(),
            "-p".to_owned(),
            patch.to_string(),
        ])
    };
    Ok(match workload.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::CronJob => {
            fix(effect.to_owned())
                .run(patch_command(patch))
                .undo(patch_command(undo))
        }
        Kind::ReplicaSet => fix(effect.to_owned())
            .run(patch_command(patch))
            .run_all(restart(case)?)
            .undo(patch_command(undo)),
        Kind::Pod | Kind::Job | Kind::MutatingWebhookConfiguration => fix(format!(
            "{effect}, once its manifest is changed{}",
            after_restart(workload)
        )),
    })
}
