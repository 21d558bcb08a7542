//! Label and annotation disagree.

use crate::causes::fields::template_field;
use crate::causes::wanted::asked;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Fix, Severity};
use crate::stage::Stage;
use crate::way::Case;
use crate::way::wanted::{by_config, config, understood};
use crate::way::{Answer, Declined, JudgedPod, Outcome, Version, names};

declare_check! {
    /// Label and annotation sidecar.istio.io/inject of the pod disagree, and the label wins.
    ///
    /// ## What it finds
    /// The pod template has both, and without the label the annotation would bring about the reverse of
    /// what happens.
    ///
    /// ## Why it matters
    /// Where there is a label, neither the API server nor istiod looks at the annotation, not even where
    /// the label is empty or says nothing that istiod understands. Whoever wrote the annotation is not
    /// obeyed, and nothing says so.
    ///
    /// ## How to fix it
    /// Say once what is meant, in the label, and take the annotation away.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `injectRequired`
    /// - Istio, Controlling the injection policy: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ308", "label-beats-annotation", Wanted, about Pods, rank Contradiction,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let pod = case.pod()?;
    let key = names::INJECT;
    let (Some(label), Some(annotation)) = (pod.labels.get(key), pod.annotations.get(key)) else {
        return Ok(Verdict::Passed);
    };
    if label == annotation {
        return Ok(Verdict::Passed);
    }
    let Some(injects) = disagreement(case, &pod)? else {
        return Ok(Verdict::Passed);
    };
    let (outcome, instead) = match injects {
        true => (Outcome::Injected, "the label wins, and the pod is injected"),
        false => (
            Outcome::NotInjected,
            "the label wins, and the pod is not injected",
        ),
    };
    let message = format!(
        "label {key}={label:?} and annotation {key}={annotation:?} of the pod disagree: {instead}"
    );
    let obey = |title: &str, value: &str, effect: &str| -> Result<Fix, Missing> {
        let both = [
            (Field::Labels, key, Some(value)),
            (Field::Annotations, key, None),
        ];
        let changes = if label == value {
            both.get(1..).unwrap_or_default()
        } else {
            &both
        };
        patch_template(case, title, changes, effect)
    };
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(outcome),
        message,
    )
    .evidence(template_field(case, Field::Labels, key)?)
    .evidence(template_field(case, Field::Annotations, key)?)
    .fix(obey(
        "if the sidecar is meant: say so in the label alone",
        "true",
        "new pods get the sidecar",
    )?)
    .fix(
        obey(
            "if none is meant: say so in the label alone",
            "false",
            "new pods go without the sidecar",
        )?
        .without_sidecar(),
    )]))
}

/// Whether the pod is injected, where without the label the annotation would bring about the reverse.
fn disagreement(case: &Case, pod: &JudgedPod) -> Result<Option<bool>, Missing> {
    let mut unlabelled = pod.clone();
    unlabelled.labels.remove(names::INJECT);
    let prediction = case.prediction();
    if prediction.outcome == Outcome::NotInjected && prediction.decided == Stage::Called {
        // The label keeps the API server from asking istiod, which would have obeyed the annotation.
        let what_if = case.what_if()?;
        if !what_if.is_called(&what_if.namespace, &unlabelled.labels) {
            return Ok(None);
        }
        // Which istiod that would have been, and of what version, is not worked out.
        let any = Version::Untold("it is not called".to_owned());
        let value = unlabelled.annotations.get(names::INJECT);
        let asks = value.is_some_and(|value| {
            let answers = any.answers(|number| understood(value, number.minor));
            answers == [Some(true)]
        });
        return Ok(asks.then_some(false));
    }
    let mut doubt = None;
    for one in asked(case) {
        let asked = match one {
            Ok(asked) => asked,
            Err(missing) => {
                doubt = doubt.or(Some(missing));
                continue;
            }
        };
        if let Answer::No(Declined::HostNetwork | Declined::IgnoredNamespace(_)) = asked.wanted {
            continue;
        }
        let config = config(case, &asked.istiod)?;
        let otherwise = by_config(&config, &asked.istiod.version, &unlabelled);
        let otherwise = otherwise.known()?.is_yes();
        if asked.wanted.is_yes() != otherwise {
            return Ok(Some(asked.wanted.is_yes()));
        }
    }
    doubt.map_or(Ok(None), Err)
}
