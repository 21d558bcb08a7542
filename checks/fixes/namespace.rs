//! The labels of the target's namespace.

use crate::facts::Missing;
use crate::report::{Change, Field, Fix, Object, Patch, Risk};
use crate::way::relabelled::Label;
use crate::way::{Case, names};

use super::restart;

/// Sets a label on the target's namespace, taking the other injection label away with it, and restarts
/// the pods.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn label_namespace(case: &Case, (key, value): &Label) -> Result<Fix, Missing> {
    let fix = Fix::new(
        format!("label the namespace {key}={value}, then restart the pods"),
        Risk::RestartsPods,
        format!(
            "every new pod in {} gets the sidecar",
            case.target().namespace
        ),
    );
    let other = [names::ISTIO_INJECTION, names::ISTIO_REV]
        .into_iter()
        .find(|other| other != key);
    let entries = std::iter::once((*key, Some(value.as_str())));
    let entries: Vec<_> = entries.chain(other.map(|other| (other, None))).collect();
    relabel_namespace(case, fix, &entries)
}

/// Takes labels off the target's namespace, and restarts the pods.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn unlabel_namespace(case: &Case, keys: &[&str], changes: &str) -> Result<Fix, Missing> {
    let noun = if keys.len() == 1 { "label" } else { "labels" };
    let title = format!(
        "remove {noun} {} from the namespace, then restart the pods",
        keys.join(" and ")
    );
    let fix = Fix::new(title, Risk::RestartsPods, changes);
    let entries: Vec<_> = keys.iter().map(|key| (*key, None)).collect();
    relabel_namespace(case, fix, &entries)
}

/// A fix that also sets labels of the target's namespace, or takes them away, and restarts the pods.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn relabel_namespace(
    case: &Case,
    fix: Fix,
    entries: &[(&str, Option<&str>)],
) -> Result<Fix, Missing> {
    Ok(relabelled(case, fix, Field::Labels, entries)?.restart(restart(case)?))
}

/// A fix that also sets labels or annotations of the target's namespace, or takes them away.
///
/// # Errors
/// [`Missing`] where the namespace was not read.
pub fn relabelled(
    case: &Case,
    fix: Fix,
    field: Field,
    entries: &[(&str, Option<&str>)],
) -> Result<Fix, Missing> {
    let namespace = case.namespace()?;
    let metadata = namespace.map(|namespace| &namespace.metadata);
    let now = metadata.and_then(|metadata| match field {
        Field::Labels => metadata.labels.as_ref(),
        Field::Annotations => metadata.annotations.as_ref(),
    });
    let differs = |(key, value): &&(&str, Option<&str>)| {
        now.and_then(|now| now.get(*key)).map(String::as_str) != *value
    };
    let entries = entries
        .iter()
        .filter(differs)
        .map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned)));
    let object = Object::unscoped("Namespace", &case.target().namespace);
    let change = Change::new(object, Patch::Metadata(field, entries.collect()));
    Ok(fix.change(change, &namespace))
}
