//! The fields that many findings rest on.

use crate::facts::{Missing, Workload};
use crate::report::{Evidence, Field, Severity};
use crate::way::{Case, ObservedPod, names};

/// A label of the target's namespace, with who set it.
///
/// # Errors
/// [`Missing`] where the namespace was not read.
pub fn namespace_label(case: &Case, key: &str) -> Result<Evidence, Missing> {
    namespace_field(case, Field::Labels, key)
}

/// A label or annotation of the target's namespace, with who set it.
///
/// # Errors
/// [`Missing`] where the namespace was not read.
pub fn namespace_field(case: &Case, field: Field, key: &str) -> Result<Evidence, Missing> {
    let object = format!("namespace/{}", case.target().namespace);
    let path = format!(".metadata.{}['{key}']", field.name());
    let evidence = Evidence::new(object, path);
    let Some(namespace) = case.namespace()? else {
        return Ok(evidence);
    };
    let metadata = &namespace.metadata;
    let map = match field {
        Field::Labels => &metadata.labels,
        Field::Annotations => &metadata.annotations,
    };
    let evidence = evidence.set_in(metadata, &["metadata", field.name(), key]);
    Ok(match map.as_ref().and_then(|map| map.get(key)) {
        Some(value) => evidence.actual(value),
        None => evidence,
    })
}

/// The annotation by which a pod shows that it has a sidecar, and of which revision; it is there since the pod was
/// created.
pub fn sidecar_status(pod: &ObservedPod) -> Evidence {
    let path = format!(".metadata.annotations['{}']", names::STATUS);
    let mut evidence = Evidence::new(format!("pod/{}", pod.name), path);
    evidence.set_at = pod.created;
    match &pod.revision {
        Some(revision) => evidence.actual(format!("revision {revision}")),
        None => evidence,
    }
}

/// A label or annotation of the pod template, with who set it.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn template_field(case: &Case, field: Field, key: &str) -> Result<Evidence, Missing> {
    let workload = case.workload()?;
    let path = format!(
        "{}.metadata.{}['{key}']",
        workload.template_path(),
        field.name()
    );
    let metadata = &workload.template.metadata;
    let map = match field {
        Field::Labels => &metadata.labels,
        Field::Annotations => &metadata.annotations,
    };
    let steps: Vec<_> = workload
        .template_path()
        .split('.')
        .filter(|step| !step.is_empty())
        .chain(["metadata", field.name(), key])
        .collect();
    let evidence = Evidence::new(workload.reference(), path).set_in(&workload.metadata, &steps);
    Ok(match map.as_ref().and_then(|map| map.get(key)) {
        Some(value) => evidence.actual(value),
        None => evidence,
    })
}

/// A field of the pod template's spec, with who set it.
pub fn template_spec(workload: &Workload, field: &str) -> Evidence {
    let path = workload.template_path();
    let steps: Vec<_> = path
        .split('.')
        .filter(|step| !step.is_empty())
        .chain(["spec", field])
        .collect();
    Evidence::new(workload.reference(), format!("{path}.spec.{field}"))
        .set_in(&workload.metadata, &steps)
}

/// How much it matters that the pod is not injected: a warning where somebody asked for it, in the
/// pod template or on the namespace.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn severity_of_absence(case: &Case) -> Result<Severity, Missing> {
    let asked = crate::way::asked::asks(case)?.is_some();
    Ok(if asked {
        Severity::Warning
    } else {
        Severity::Info
    })
}

/// The two labels of a namespace that ask for injection.
pub const NAMESPACE_KEYS: [&str; 2] = [names::ISTIO_INJECTION, names::ISTIO_REV];
