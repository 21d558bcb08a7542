//! A value that istiod does not understand, or a selector does not select.

use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::asked::{means_no, means_yes};
use crate::way::{Ask, Outcome, names, wanted};

declare_check! {
    /// Label or annotation sidecar.istio.io/inject is neither true nor false exactly.
    ///
    /// ## What it finds
    /// The pod template says `True`, `yes`, `1`, `False`, `no`, `0` or the like.
    ///
    /// ## Why it matters
    /// Webhook selectors match exactly and are case-sensitive. istiod 1.27 and later treats any other
    /// value as unset and follows its policy: a pod with `False` is injected. Earlier ones took `y`, `yes`, `true` and `on` in any case for yes, and everything else for no. Where nothing tells which
    /// version istiod is of, the prediction is unknown, unless all versions come to the same.
    ///
    /// ## How to fix it
    /// Write exactly `"true"` or `"false"`, in quotes, as a label of the pod template.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/kube/inject/inject.go` (`injectRequired`)
    "INJ112", "inject-value-invalid", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let pod = case.pod()?;
    let Some(Ask { by, value }) = wanted::ask(&pod.labels, &pod.annotations) else {
        return Ok(Verdict::Passed);
    };
    if matches!(value.as_str(), "true" | "false") {
        return Ok(Verdict::Passed);
    }
    let meant = if means_yes(&value) {
        Some("true")
    } else if means_no(&value) {
        Some("false")
    } else {
        None
    };
    let outcome = case.prediction().outcome;
    let contradicts = matches!(
        (meant, outcome),
        (Some("true"), Outcome::NotInjected) | (Some("false"), Outcome::Injected)
    );
    let (severity, effect) = match contradicts {
        true => (Severity::Warning, Effect::Decides(outcome)),
        false => (Severity::Info, Effect::Beside),
    };
    let key = names::INJECT;
    let field = if by == "label" {
        Field::Labels
    } else {
        Field::Annotations
    };
    let consequence = match (contradicts, outcome) {
        (true, Outcome::Injected) => {
            "only \"true\" and \"false\" count, so the pod is injected all the same"
        }
        (true, _) => "only \"true\" and \"false\" count, so the pod is not injected",
        (false, _) => "only \"true\" and \"false\" mean the same to every version of istiod",
    };
    let message = format!("{by} {key} is {value:?}, and {consequence}");
    let mut finding = Finding::new(severity, effect, message)
        .evidence(template_field(case, field, key)?.expected("\"true\" or \"false\""));
    if let Some(meant) = meant {
        let mut change = vec![(Field::Labels, key, Some(meant))];
        if by == "annotation" {
            change.push((Field::Annotations, key, None));
        }
        let title = format!("set label {key}={meant} in the pod template");
        finding = finding.fix(if meant == "true" {
            patch_template(case, &title, &change, "new pods get the sidecar")?
        } else {
            patch_template(case, &title, &change, "new pods go without the sidecar")?
                .without_sidecar()
        });
    }
    Ok(Verdict::of([finding]))
}
