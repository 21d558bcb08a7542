//! The label on the workload's own metadata.

use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Evidence, Field, Finding, Severity};
use crate::way::Case;
use crate::way::asked::means_no;
use crate::way::{Outcome, is_static, names};

declare_check! {
    /// The label or annotation is on the workload's own metadata, and not on its pod template.
    ///
    /// ## What it finds
    /// `sidecar.istio.io/inject` or `istio.io/rev` stands in the metadata of the Deployment (or other
    /// owner of pods), the pod template lacks it, and it would change what happens to the pods.
    ///
    /// ## Why it matters
    /// Controllers copy the metadata of the template to pods, never their own.
    ///
    /// ## How to fix it
    /// Put the label into the pod template.
    ///
    /// ## References
    /// - Kubernetes, Pod templates: <https://kubernetes.io/docs/concepts/workloads/pods/#pod-templates>
    "INJ114", "label-on-workload", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let what_if = case.what_if()?;
    let workload = case.workload()?;
    if workload.template_path().is_empty() || is_static(case)? {
        return Ok(Verdict::Passed);
    }
    let now = what_if.is_called(&what_if.namespace, &what_if.pod.labels);
    for (field, map) in [
        (Field::Labels, &workload.metadata.labels),
        (Field::Annotations, &workload.metadata.annotations),
    ] {
        for key in [names::INJECT, names::ISTIO_REV] {
            let Some(value) = map.as_ref().and_then(|map| map.get(key)) else {
                continue;
            };
            let then =
                what_if.is_called(&what_if.namespace, &what_if.pod_with(&(key, value.clone())));
            if what_if.pod.labels.contains_key(key)
                || what_if.pod.annotations.contains_key(key)
                || now == then
            {
                continue;
            }
            let outcome = if now {
                Outcome::Injected
            } else {
                Outcome::NotInjected
            };
            let (reference, place) = (workload.reference(), field.name().trim_end_matches('s'));
            let message = format!(
                "{place} {key}={value} is on {reference} itself, and not on its pod template, where it would count"
            );
            let own = Evidence::new(reference, format!(".metadata.{}['{key}']", field.name()))
                .actual(value)
                .set_in(&workload.metadata, &["metadata", field.name(), key]);
            let effect = if means_no(value) {
                "new pods go without the sidecar"
            } else {
                "new pods get the sidecar"
            };
            let title = format!("put label {key}={value} into the pod template");
            let change = [(Field::Labels, key, Some(value.as_str()))];
            let fix = patch_template(case, &title, &change, effect)?;
            let fix = if now { fix.without_sidecar() } else { fix };
            return Ok(Verdict::of([Finding::new(
                Severity::Warning,
                Effect::Decides(outcome),
                message,
            )
            .evidence(own)
            .evidence(template_field(case, Field::Labels, key)?.expected(value))
            .fix(fix)]));
        }
    }
    Ok(Verdict::Passed)
}
