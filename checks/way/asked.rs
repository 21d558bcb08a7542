//! What somebody asked for, in a label or an annotation: the measure of every severity.

use super::names;
use super::selector::Labels;
use crate::facts::Missing;
use crate::report::Evidence;
use crate::way::Case;

/// Who asks for injection in the pod template, on its own account.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn pod_asks(case: &Case) -> Result<Option<Evidence>, Missing> {
    let workload = case.workload()?;
    let path = format!("{}.metadata", workload.template_path());
    let metadata = &workload.template.metadata;
    let maps = [
        ("labels", &metadata.labels),
        ("annotations", &metadata.annotations),
    ];
    let asked = maps.into_iter().find_map(|(field, map)| {
        let value = map.as_ref()?.get(names::INJECT)?;
        means_yes(value)
            .then(|| field_of(&workload.reference(), &path, field, names::INJECT, value))
    });
    let revision = metadata
        .labels
        .as_ref()
        .and_then(|labels| labels.get(names::ISTIO_REV));
    Ok(asked.or_else(|| {
        revision.map(|value| {
            field_of(
                &workload.reference(),
                &path,
                "labels",
                names::ISTIO_REV,
                value,
            )
        })
    }))
}

/// Who asks for injection, in the pod template or on the namespace.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn asks(case: &Case) -> Result<Option<Evidence>, Missing> {
    if let Some(evidence) = pod_asks(case)? {
        return Ok(Some(evidence));
    }
    let Some(namespace) = case.namespace()? else {
        return Ok(None);
    };
    let object = format!("namespace/{}", case.target().namespace);
    let labels = namespace.metadata.labels.as_ref();
    let asked = labels.and_then(|labels| namespace_asks(labels));
    Ok(asked.map(|(key, value)| {
        field_of(&object, ".metadata", "labels", key, value)
            .set_in(&namespace.metadata, &["metadata", "labels", key])
    }))
}

fn namespace_asks(labels: &Labels) -> Option<(&'static str, &str)> {
    let injection = labels
        .get(names::ISTIO_INJECTION)
        .filter(|value| means_yes(value));
    let injection = injection.map(|value| (names::ISTIO_INJECTION, value.as_str()));
    injection.or_else(|| Some((names::ISTIO_REV, labels.get(names::ISTIO_REV)?.as_str())))
}

fn field_of(object: &str, path: &str, field: &str, key: &str, value: &str) -> Evidence {
    Evidence::new(object, format!("{path}.{field}['{key}']")).actual(value)
}

/// Whether a person who writes this value wants injection, whatever Istio makes of it.
pub fn means_yes(value: &str) -> bool {
    const WORDS: [&str; 9] = [
        "y", "yes", "true", "t", "on", "1", "enable", "enabled", "inject",
    ];
    WORDS.contains(&value.trim().to_lowercase().as_str())
}

/// Whether a person who writes this value wants no injection, whatever Istio makes of it.
pub fn means_no(value: &str) -> bool {
    const WORDS: [&str; 9] = [
        "n", "no", "false", "f", "off", "0", "disable", "disabled", "none",
    ];
    WORDS.contains(&value.trim().to_lowercase().as_str())
}
