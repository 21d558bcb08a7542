//! The pod's annotation opts out.

use crate::causes::fields::template_field;
use crate::causes::opposed::opposed;
use crate::causes::wanted::declined;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::asked::{means_no, pod_asks_for_sidecar};
use crate::way::{Declined, JudgedPod, Outcome, names, wanted};

declare_check! {
    /// The pod opts out in annotation sidecar.istio.io/inject.
    ///
    /// ## What it finds
    /// The webhook is called and istiod answers, but annotation `sidecar.istio.io/inject` of the pod
    /// template is `false`, and there is no label of that name, which would win. Up to Istio 1.26,
    /// every value but `true`, `yes`, `y` and `on` counts as `false`.
    ///
    /// ## Why it matters
    /// As a rule somebody wanted that. The annotation is the older way: unlike the label it does not
    /// keep the API server from calling istiod, so while istiod is down the pod is refused.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where it is intended. Else take the annotation out of the pod template.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `injectRequired`
    "INJ303", "annotation-opted-out", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let opted_out = |reason: &Declined| match reason {
        Declined::OptedOut(ask) if ask.by == "annotation" => Some(ask.value.clone()),
        _ => None,
    };
    let (istiod, value) = match declined(case, opted_out)? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let key = names::INJECT;
    let severity = if means_no(&value) {
        Severity::Info
    } else {
        Severity::Warning
    };
    let message = if value == "false" {
        format!("the pod opts out of injection in annotation {key}=false")
    } else {
        format!(
            "the pod's annotation {key} is {value:?}, which istiod before 1.27 takes for \"false\""
        )
    };
    // Without the annotation, the injector's configuration decides: only if that says no is more needed.
    let mut pod: JudgedPod = (*case.pod()?).clone();
    pod.annotations.remove(key);
    let config = wanted::config(case, &istiod)?;
    let remove = (Field::Annotations, key, None);
    let label = (Field::Labels, key, Some("true"));
    let enough = wanted::by_config(&config, &istiod.version, &pod).is_yes();
    let fix = if enough {
        patch_template(
            case,
            "take the annotation out of the pod template",
            &[remove],
            "new pods get the sidecar",
        )
    } else {
        let title =
            "ask for the sidecar in a label of the pod template, in place of the annotation";
        patch_template(case, title, &[label, remove], "new pods get the sidecar")
    };
    let finding = Finding::new(severity, Effect::Decides(Outcome::NotInjected), message)
        .evidence(template_field(case, Field::Annotations, key)?);
    Ok(Verdict::of([
        opposed(finding, pod_asks_for_sidecar(case)?).fix(fix?)
    ]))
}
