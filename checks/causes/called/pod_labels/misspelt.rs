//! A key that nobody looks at.

use super::setting;
use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::ask_by_label;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::asked::{Means, Said};
use crate::way::relabelled::{Label, WhatIf};
use crate::way::{Case, Outcome, is_static, names};

declare_check! {
    /// A label or annotation of the pod is misspelt or misplaced, so that nobody looks at it.
    ///
    /// ## What it finds
    /// A label or annotation of the pod template, or of what makes the pods, asks for injection, opts out or
    /// names a revision, but its key is not `sidecar.istio.io/inject` or `istio.io/rev` exactly:
    /// `sidecar.istio.io/injection`, `sidecar.istio.io.inject`, `istio.io/inject`, `istio.io/revision`, or
    /// `istio-injection`, which is a key for namespaces. Of pods that are injected, also annotations that set
    /// up the sidecar: `sidecar.istio.io/proxyCpu` for `proxyCPU`, one in another of Istio's domains, one
    /// that is a label, or one that is not on the pod template. Keys that Istio knows and those of other
    /// vendors are left alone, and so are keys that a template of the injector names.
    ///
    /// ## Why it matters
    /// Keys match exactly and are case-sensitive. The API server and istiod pass over all others, and
    /// nothing says so.
    ///
    /// ## How to fix it
    /// Write the key as Istio knows it, on the pod template.
    ///
    /// ## References
    /// - Istio, Resource labels: <https://istio.io/latest/docs/reference/config/labels/>
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    "INJ123", "pod-label-misspelt", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if is_static(case)? {
        return Ok(Verdict::Passed);
    }
    let mut findings = Vec::new();
    for said in case.said_of_pods()?.iter().filter(|one| !one.is_exact) {
        findings.extend(finding(case, said)?);
    }
    findings.extend(setting::findings(case)?);
    Ok(Verdict::of(findings))
}

/// The finding where the right key would change what becomes of the pod.
fn finding(case: &Case, said: &Said) -> Result<Option<Finding>, Missing> {
    let what_if = case.what_if()?;
    let Some(label) = what_if.pod_label(case, said)? else {
        return Ok(None);
    };
    let prediction = case.prediction();
    let effect = match effect(&what_if, said, &label, prediction.outcome) {
        Answered::Effect(effect) => effect,
        Answered::None => return Ok(None),
        Answered::Unknown => return Err(Missing(prediction.because.clone())),
    };
    let consequence = match (prediction.outcome, said.means) {
        (Outcome::Injected, Means::OptOut) => "so the pod is injected all the same",
        (Outcome::Injected, _) => "so another revision injects the pod",
        (Outcome::Rejected, _) => "so the webhook is called all the same",
        _ => "so the pod is not injected",
    };
    let words = said.in_words();
    let message = format!(
        "{words} is ignored: the key on pods is {}, {consequence}",
        label.0
    );
    Ok(Some(
        Finding::new(Severity::Warning, effect, message)
            .evidence(said.evidence.clone())
            .evidence(template_field(case, Field::Labels, label.0)?.expected(&label.1))
            .fix(ask_by_label(case, said, &label)?),
    ))
}

/// What the right key would change.
enum Answered {
    /// What the finding explains.
    Effect(Effect),
    /// Nothing.
    None,
    /// That cannot be told, as the prediction cannot.
    Unknown,
}

fn effect(what_if: &WhatIf, said: &Said, label: &Label, outcome: Outcome) -> Answered {
    let pod = &what_if.pod;
    let says_it = match said.means {
        Means::Inject | Means::OptOut => {
            pod.labels.contains_key(names::INJECT) || pod.annotations.contains_key(names::INJECT)
        }
        Means::Revision => pod.labels.contains_key(names::ISTIO_REV),
    };
    let namespace = &what_if.namespace;
    let names = |labels| {
        let calls = what_if.calls(namespace, labels).into_iter();
        let names = calls.map(|(_, webhook)| webhook.client_config.service.clone());
        names.collect::<Vec<_>>()
    };
    let (now, then) = (names(&pod.labels), names(&what_if.pod_with(label)));
    let decides = Effect::Decides(outcome);
    match (said.means, outcome) {
        _ if says_it => Answered::None,
        (Means::Revision, _) if now == then => Answered::None,
        (_, Outcome::Unknown) => Answered::Unknown,
        (Means::Inject | Means::Revision, Outcome::NotInjected) if then.is_empty() => {
            Answered::Effect(Effect::Beside)
        }
        (Means::Inject, Outcome::NotInjected) | (Means::OptOut, Outcome::Injected) => {
            Answered::Effect(decides)
        }
        (Means::Revision, Outcome::NotInjected | Outcome::Injected) => Answered::Effect(decides),
        (Means::OptOut, Outcome::Rejected) if then.is_empty() => Answered::Effect(Effect::Beside),
        _ => Answered::None,
    }
}
