//! A template that istiod cannot render.

use crate::causes::rendered::refused;
use crate::causes::told_refusal::{rejected, told};
use crate::causes::wanted::configured;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{patch_template, see_injector_config};
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::{Case, Istiod, Outcome, Refusal, names, wanted};

declare_check! {
    /// An injection template, or what is put into it, does not render for the pod.
    ///
    /// ## What it finds
    /// A template that can be rendered for no pod: it fails on purpose, or asks for values that the injector does not have.
    /// What else goes wrong in a template is not foreseen. Then the words of a refusal tell it: `failed to run injection
    /// template:` with `error calling`, `nil pointer evaluating` or `failed parsing generated injected YAML`.
    ///
    /// ## Why it matters
    /// istiod refuses the pod, and so does the API server, whatever failurePolicy says: no pod is made. Where all pods are
    /// refused, it is the template; where one is, an annotation of it may end up as broken YAML.
    ///
    /// ## How to fix it
    /// Do without the template, if only the pod asks for it. Or correct it; what the chart ships is restored by
    /// `helm upgrade istiod istio/istiod -n istio-system --reset-values -f values.yaml`. `istioctl kube-inject -f FILE` shows
    /// whether it renders.
    ///
    /// ## References
    /// - Istio, Custom templates:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#custom-templates-experimental>
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `RunTemplate`
    "INJ403", "template-broken", Rendered, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let broken = |refusal: &Refusal| match refusal {
        Refusal::TemplateBroken { template, .. } => Some((template.clone(), refusal.to_string())),
        _ => None,
    };
    match refused(case, broken)? {
        Ok((istiod, (template, message))) => {
            Ok(Verdict::of([foreseen(case, &istiod, &template, message)?]))
        }
        Err(_) => told(case, &CHECK, |_| by_words(case)),
    }
}

fn foreseen(
    case: &Case,
    istiod: &Istiod,
    template: &str,
    message: String,
) -> Result<Finding, Missing> {
    let message = format!("{message}: it refuses the pod");
    let config_map = configured(case, istiod, &format!("templates.{template}"))?;
    let finding = Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), message)
        .evidence(config_map.actual("does not render"));
    let defaults = &wanted::config(case, istiod)?.default_templates;
    let is_asked = case.pod()?.annotations.contains_key(names::TEMPLATES);
    let finding = match is_asked && !defaults.iter().any(|name| name == template) {
        true => finding.fix(patch_template(
            case,
            "take the annotation out of the pod template",
            &[(Field::Annotations, names::TEMPLATES, None)],
            &format!(
                "new pods are made, with a sidecar of the default: {}",
                defaults.join(", ")
            ),
        )?),
        false => finding,
    };
    let title = format!("correct template {template:?}, or install the chart's ConfigMap again");
    Ok(finding.fix(see_injector_config(istiod, &title)))
}

/// Only the words of the refusal tell it.
fn by_words(case: &Case) -> Result<Finding, Missing> {
    let prediction = case.prediction();
    let finding = rejected("istiod cannot render its templates for the pod".to_owned());
    let Some(istiod) = prediction.istiods().next() else {
        return Ok(finding);
    };
    let title = "correct the templates, or install the chart's ConfigMap again";
    Ok(finding
        .evidence(configured(case, istiod, "templates")?.actual("do not render"))
        .fix(see_injector_config(istiod, title)))
}
