//! Labels that another webhook or a policy changes before the injector sees the pod.

use super::differing::{Differing, Side, changers, differing};
use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check, istiod_log};
use crate::facts::Missing;
use crate::report::{Command, Effect, Evidence, Field, Finding, Fix, Risk, Severity};
use crate::way::{Case, ObservedPod, Outcome, Prediction, is_fresh};

declare_check! {
    /// Another webhook, or a MutatingAdmissionPolicy, changes the pod's labels before the injector sees it.
    ///
    /// ## What it finds
    /// A pod was created after everything that decides about injection was changed last, and fares otherwise than its
    /// template lets expect. Its label `sidecar.istio.io/inject` or `istio.io/rev` differs from the template's, and explains
    /// how it fares.
    ///
    /// ## Why it matters
    /// The injector decides by other labels than those of the template. A pod is injected that does not ask, or is not
    /// injected although it does. Mutating policies, and webhooks whose configuration comes before `istio-` in the
    /// alphabet, change the pod first. Policy engines add, remove and overwrite labels in this way.
    ///
    /// ## How to fix it
    /// Change the policy or the webhook that sets the label, or exclude the namespace or the pod from it; its own selectors
    /// are the place. Compare the template with what the API server makes of it:
    ///
    /// ```sh
    /// kubectl get deployment/NAME -n NAMESPACE -o jsonpath='{.spec.template.metadata.labels}'
    /// kubectl get pods -n NAMESPACE --show-labels
    /// kubectl get mutatingwebhookconfigurations,mutatingadmissionpolicies
    /// kubectl get mutatingwebhookconfiguration NAME -o jsonpath='{range .webhooks[*]}{.name}{"\t"}{.namespaceSelector}{"\t"}{.objectSelector}{"\n"}{end}'
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Dynamic admission control:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>
    /// - Kubernetes, Mutating admission policy:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/>
    "INJ127", "changed-by-other-webhook", Called, about Pods, rank Contradiction,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let all = differing(case)?;
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::Injected | Outcome::NotInjected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        Outcome::Rejected => return Ok(Verdict::not_applicable("the next pod is refused")),
    }
    let contradicting = all.iter().filter(|one| contradicts(&one.pod, &prediction));
    let Some(first) = contradicting.max_by_key(|one| one.pod.created) else {
        return Ok(Verdict::Passed);
    };
    if !is_fresh(case, &first.pod)? {
        return Ok(Verdict::Passed);
    }
    let of_this_pod: Vec<_> = all
        .iter()
        .filter(|one| one.pod.name == first.pod.name)
        .collect();
    if !explains(case, &of_this_pod, first.pod.injected)? {
        return Ok(Verdict::Passed);
    }
    let before = changers(case, Side::Before)?;
    let changes = "changes the pod before the injection webhooks see it";
    let who = match before.as_slice() {
        [] => format!("something that is not known here {changes}"),
        [one] => format!("{one} {changes}"),
        all => format!("one of these {changes}: {}", all.join(", ")),
    };
    let fares = match (first.pod.injected, &first.pod.revision) {
        (true, Some(revision)) => format!("was injected by revision {revision}"),
        (true, None) => "was injected".to_owned(),
        (false, _) => "was not injected".to_owned(),
    };
    let labels: Vec<_> = of_this_pod.iter().map(|one| in_words(one)).collect();
    let message = format!(
        "pod {} {fares}, because its labels differ from its template's: {}; {who}",
        first.pod.name,
        labels.join(", ")
    );
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::Unknown),
        message,
    );
    for one in &of_this_pod {
        let mut own = one.evidence();
        own.set_at = own.set_at.or(one.pod.created);
        let of_template = template_field(case, Field::Labels, one.key)?;
        finding = finding.evidence(own).evidence(of_template);
    }
    for object in &before {
        finding = finding.evidence(Evidence::new(object, ".metadata.name"));
    }
    finding.evidence.extend(istiod_log::evidence(case));
    let fixes = fixes(&before).into_iter().chain(istiod_log::fixes(case));
    Ok(Verdict::of([fixes.fold(finding, Finding::fix)]))
}

fn contradicts(pod: &ObservedPod, prediction: &Prediction) -> bool {
    let is_injected = prediction.outcome == Outcome::Injected;
    pod.injected != is_injected || is_injected && pod.revision != prediction.revision
}

/// Whether a pod with the labels as they are in the living one would fare as that does.
fn explains(case: &Case, labels: &[&Differing], is_injected: bool) -> Result<bool, Missing> {
    let what_if = case.what_if()?;
    let mut pod = what_if.pod.labels.clone();
    for one in labels {
        match &one.value {
            Some(value) => drop(pod.insert(one.key.to_owned(), value.clone())),
            None => drop(pod.remove(one.key)),
        }
    }
    Ok(what_if.is_called(&what_if.namespace, &pod) == is_injected)
}

fn in_words(one: &Differing) -> String {
    let value = |value: &Option<String>| match value {
        Some(value) => format!("{value:?}"),
        None => "absent".to_owned(),
    };
    let (own, of_template) = (value(&one.value), value(&one.of_template));
    format!("{} is {own}, and {of_template} in the template", one.key)
}

fn fixes(before: &[String]) -> Vec<Fix> {
    let see = |title: String, words: Vec<&str>| {
        let changes = "nothing: it shows what is changed and for which pods; change that, or exclude the namespace or the pods from it";
        Fix::new(title, Risk::ReadOnly, changes).show(Command::kubectl(words))
    };
    if before.is_empty() {
        let words = vec!["get", "mutatingwebhookconfigurations"];
        return vec![see("see which webhooks there are".to_owned(), words)];
    }
    let one = |object: &String| see(format!("see {object}"), vec!["get", object, "-o", "yaml"]);
    before.iter().map(one).collect()
}
