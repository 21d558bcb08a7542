//! A pod that is injected because of its own labels.

use crate::causes::Verdict;
use crate::causes::fields::{namespace_label, template_field};
use crate::causes::wanted::injected;
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::asked::{Said, said_of_namespace};
use crate::way::rendered::containers::GATEWAY;
use crate::way::{Case, names};

/// Whether the pod is injected, and would not be without these labels of its own, while its namespace does not ask; or
/// else what to answer.
///
/// # Errors
/// [`Missing`] where it cannot be told.
pub fn asked_by_pod_alone(case: &Case, keys: &[&str]) -> Result<Result<(), Verdict>, Missing> {
    let what_if = case.what_if()?;
    let templates = what_if.pod.annotations.get(names::TEMPLATES);
    if templates.is_some_and(|all| all.split(',').any(|one| one.trim() == GATEWAY)) {
        return Ok(Err(Verdict::not_applicable("the pod is a gateway")));
    }
    if said_of_namespace(case)?.iter().any(Said::asks) {
        return Ok(Err(Verdict::Passed));
    }
    let mut labels = what_if.pod.labels.clone();
    labels.retain(|key, _| !keys.contains(&key.as_str()));
    if what_if.is_called(&what_if.namespace, &labels) {
        return Ok(Err(Verdict::Passed));
    }
    Ok(injected(case, |_, _| Some(()))?.map(|_| ()))
}

/// The finding that a label of the pod asks.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn finding(case: &Case, key: &str) -> Result<Finding, Missing> {
    let pod = case.pod()?;
    let value = pod.labels.get(key).map(String::as_str).unwrap_or_default();
    let message = format!(
        "the pod is injected because of its own label {key}={value}: namespace {} does not ask",
        case.target().namespace
    );
    let fix = patch_template(
        case,
        "if no sidecar is meant: remove the label",
        &[(Field::Labels, key, None)],
        "new pods go without the sidecar",
    )?;
    Ok(Finding::new(Severity::Info, Effect::Beside, message)
        .evidence(template_field(case, Field::Labels, key)?)
        .evidence(namespace_label(case, names::ISTIO_INJECTION)?)
        .fix(fix.without_sidecar()))
}
