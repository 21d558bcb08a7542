//! neverInjectSelector keeps the pod out.

use crate::causes::opposed::opposed;
use crate::causes::wanted::{configured, declined, selected};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::asked::pod_asks_for_sidecar;
use crate::way::selector::in_words;
use crate::way::{Declined, Outcome, names};

declare_check! {
    /// neverInjectSelector of the injector's configuration matches the pod.
    ///
    /// ## What it finds
    /// The webhook is called and istiod answers, but a selector of `neverInjectSelector` in its ConfigMap
    /// `istio-sidecar-injector` matches the pod's labels, and the pod says nothing itself that istiod
    /// understands.
    ///
    /// ## Why it matters
    /// An administrator wanted that, as for build and installer pods of OpenShift. But the labels that
    /// controllers add count, too: a selector for `job-name` takes in every Job. The selector goes before
    /// `alwaysInjectSelector` and before the policy.
    ///
    /// ## How to fix it
    /// Where the pod needs the sidecar, ask in a label of the pod template: it goes before the selector.
    ///
    /// ## References
    /// - Istio, More control, adding exceptions: <https://istio.io/latest/docs/ops/configuration/mesh/injection-concepts/>
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `injectRequired`
    "INJ306", "never-inject-selector", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let never = |reason: &Declined| match reason {
        Declined::NeverInject(selector) => Some(selector.clone()),
        _ => None,
    };
    let (istiod, selector) = match declined(case, never)? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let words = in_words(&selector);
    let message = format!(
        "neverInjectSelector in ConfigMap {} of revision {} matches the pod: {words}",
        istiod.injector_config_map(),
        istiod.revision
    );
    let key = names::INJECT;
    let fix = patch_template(
        case,
        &format!("ask in the pod template, by label {key}=true"),
        &[(Field::Labels, key, Some("true"))],
        "new pods get the sidecar: the label goes before the selector",
    )?;
    let finding = Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(configured(case, &istiod, "neverInjectSelector")?.actual(words));
    let mut finding = opposed(finding, pod_asks_for_sidecar(case)?);
    for evidence in selected(case, &selector)? {
        finding = finding.evidence(evidence);
    }
    Ok(Verdict::of([finding.fix(fix)]))
}
