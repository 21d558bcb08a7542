//! An annotation where only a label counts.

use crate::causes::called::uncalled;
use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::{Outcome, names};

declare_check! {
    /// Only an annotation asks for injection, and webhooks select by labels.
    ///
    /// ## What it finds
    /// The pod template has annotation `sidecar.istio.io/inject=true` and no such label, and nothing
    /// else gets a webhook called for it.
    ///
    /// ## Why it matters
    /// istiod honours the annotation, but is never asked: the API server decides by labels alone.
    ///
    /// ## How to heal it
    /// Make the annotation a label of the pod template.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ113", "annotation-instead-of-label", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let key = names::INJECT;
    let annotated = what_if
        .pod
        .annotations
        .get(key)
        .is_some_and(|value| value == "true");
    let labelled = what_if.pod_with(&(key, "true".to_owned()));
    if !annotated
        || what_if.pod.labels.contains_key(key)
        || !what_if.is_called(&what_if.namespace, &labelled)
    {
        return Ok(Verdict::Passed);
    }
    let message = format!(
        "the pod asks for injection in annotation {key}, but webhooks select by labels only"
    );
    let changes = [
        (Field::Labels, key, Some("true")),
        (Field::Annotations, key, None),
    ];
    let title = format!("make {key}=true a label of the pod template");
    let finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(template_field(case, Field::Annotations, key)?)
    .evidence(template_field(case, Field::Labels, key)?.expected("true"))
    .fix(patch_template(
        case,
        &title,
        &changes,
        "new pods get the sidecar",
    )?);
    Ok(Verdict::of([finding]))
}
