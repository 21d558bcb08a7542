//! Annotations that istiod refuses the pod for.

use crate::causes::fields::template_field;
use crate::causes::rendered::annotations::corrected::corrected;
use crate::causes::rendered::refused;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{Entry, patch_template};
use crate::report::{Effect, Field, Finding, Severity};
use crate::rules::annotations::{InvalidAnnotation, has_fields};
use crate::way::Case;
use crate::way::{Outcome, Refusal};

declare_check! {
    /// istiod refuses the pod for the value of an annotation.
    ///
    /// ## What it finds
    /// An annotation of the pod template that shapes the sidecar has a value that istiod does not accept,
    /// as `sidecar.istio.io/proxyMemory=512MB`, or that leaves the sidecar's YAML unreadable, as
    /// `sidecar.istio.io/logLevel` with a colon and a blank, or `sidecar.istio.io/userVolume` that is not
    /// JSON. All such annotations are listed, not only the first.
    ///
    /// ## Why it matters
    /// istiod refuses the pod, and so does the API server, whatever failurePolicy says: no pod is made.
    /// The annotation's own error text does not always name it: a broken `excludeInboundPorts` and
    /// `status.sidecar.istio.io/port` share one.
    ///
    /// ## How to fix it
    /// Correct the value in the pod template, or take the annotation away: then the mesh's default counts.
    ///
    /// ## References
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    /// - Istio 1.31, `pkg/kube/inject/validate.go`, `AnnotationValidation`
    "INJ402", "annotation-invalid", Rendered, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let invalid = |refusal: &Refusal| match refusal {
        Refusal::Annotations(invalid) => Some(invalid.clone()),
        _ => None,
    };
    let invalid = match refused(case, invalid)? {
        Ok((_, found)) => found,
        Err(verdict) => return Ok(verdict),
    };
    let words =
        |one: &InvalidAnnotation| format!("{}={:?} ({})", one.name, one.shown(), one.reason);
    let words: Vec<_> = invalid.iter().map(words).collect();
    let noun = if words.len() == 1 {
        "annotation"
    } else {
        "annotations"
    };
    let message = format!("istiod refuses the pod for {noun} {}", words.join(", "));
    let mut finding = Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), message);
    for one in &invalid {
        let field = template_field(case, Field::Annotations, &one.name)?;
        finding = finding.evidence(field.actual(one.shown()).expected(one.accepted));
    }
    let corrections: Vec<_> = invalid
        .iter()
        .map(|one| corrected(&one.name, &one.value).filter(|_| !has_fields(&one.name)))
        .collect();
    let change = |(one, value)| -> Entry { (Field::Annotations, one, value) };
    if corrections.iter().any(Option::is_some) {
        let values = corrections.iter().map(Option::as_deref);
        let names = invalid.iter().map(|one| one.name.as_str());
        let changes: Vec<_> = names.zip(values).map(change).collect();
        let told = changes.iter().map(|(_, name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => format!("no {name}"),
        });
        let effect = format!(
            "new pods are made, with {}",
            told.collect::<Vec<_>>().join(", ")
        );
        finding = finding.fix(patch_template(
            case,
            "write what was probably meant",
            &changes,
            &effect,
        )?);
    }
    let changes: Vec<_> = invalid
        .iter()
        .map(|one| change((one.name.as_str(), None)))
        .collect();
    let title = format!("take the {noun} out of the pod template");
    let effect = "new pods are made, with the mesh's default in its place";
    Ok(Verdict::of([
        finding.fix(patch_template(case, &title, &changes, effect)?)
    ]))
}
