//! The pod opts out by label.

use crate::causes::called::uncalled;
use crate::causes::fields::template_field;
use crate::causes::opposed::opposed;
use crate::causes::wanted::declined;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::asked::pod_asks_for_sidecar;
use crate::way::{Declined, Outcome, names};

declare_check! {
    /// The pod opts out with label sidecar.istio.io/inject=false.
    ///
    /// ## What it finds
    /// The pod template carries label `sidecar.istio.io/inject` with value `false`. Where an annotation, a
    /// misspelt key or a label of what makes the pods asks for the sidecar all the same, both are named.
    ///
    /// ## Why it matters
    /// No entry of a stock injection webhook selects such a pod, and istiod does not inject it where another one does. As a
    /// rule its author wanted that.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where it is intended. Else take the label out of the pod template.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ111", "pod-opted-out", Called, about Pods, rank Pod,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let key = names::INJECT;
    let Some(what_if) = uncalled(case)? else {
        return match case.pod()?.labels.get(key).map(String::as_str) {
            None | Some("true") => Ok(Verdict::Passed),
            Some(_) => declined_by_label(case),
        };
    };
    if what_if
        .pod
        .labels
        .get(key)
        .is_none_or(|value| value != "false")
    {
        return Ok(Verdict::Passed);
    }
    let message = format!("the pod opts out of injection: label {key} is \"false\"");
    let asked = pod_asks_for_sidecar(case)?;
    let is_asked = asked.is_some();
    let finding = Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(template_field(case, Field::Labels, key)?);
    let mut finding = opposed(finding, asked);
    let labelled = what_if.pod_with(&(key, "true".to_owned()));
    if is_asked || what_if.is_called(&what_if.namespace, &labelled) {
        let change = [(Field::Labels, key, Some("true"))];
        let title = format!("set label {key}=true in the pod template");
        finding = finding.fix(patch_template(
            case,
            &title,
            &change,
            "new pods get the sidecar",
        )?);
    }
    Ok(Verdict::of([finding]))
}

/// A webhook that selects all pods asks istiod, which heeds the label as well.
fn declined_by_label(case: &Case) -> Result<Verdict, Missing> {
    let by_label = |reason: &Declined| match reason {
        Declined::OptedOut(ask) if ask.by == "label" => Some(ask.value.clone()),
        _ => None,
    };
    let value = match declined(case, by_label)? {
        Ok((_, value)) => value,
        Err(verdict) => return Ok(verdict),
    };
    let key = names::INJECT;
    let heeds = match value.as_str() {
        "false" => "istiod",
        _ => "istiod before 1.27",
    };
    let message = format!(
        "the pod opts out of injection: a webhook is called for it, and {heeds} heeds its label {key}={value:?}"
    );
    let finding = Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(template_field(case, Field::Labels, key)?);
    let title = format!("set label {key}=true in the pod template");
    let change = [(Field::Labels, key, Some("true"))];
    let fix = patch_template(case, &title, &change, "new pods get the sidecar")?;
    Ok(Verdict::of([
        opposed(finding, pod_asks_for_sidecar(case)?).fix(fix)
    ]))
}
