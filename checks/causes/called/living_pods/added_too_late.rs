//! The label that asks for injection came to the pod after the injector had its turn.

use super::differing::{Differing, Side, changers, differing};
use crate::causes::called::uncalled;
use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Command, Effect, Field, Finding, Fix, Risk, Severity};
use crate::way::{Case, Outcome, names};

declare_check! {
    /// A pod has the label that asks for injection, and got it after the injection webhooks had their turn.
    ///
    /// ## What it finds
    /// A living pod has label `sidecar.istio.io/inject=true` or `istio.io/rev`, and no sidecar. Its template does not have
    /// the label, and was not changed since the pod was created.
    ///
    /// ## Why it matters
    /// Labels count only while a pod is created. Who labels a pod that runs (`kubectl label pod`) changes nothing, and the
    /// next pod does not have the label. A webhook of another vendor that adds the label comes too late as well where its
    /// configuration comes after Istio's: the API server calls mutating webhooks in the order of the names of their
    /// configurations, each with the pod as the ones before have left it. A reinvocation does not help: a webhook that was
    /// not called in the first round is not called in the second.
    ///
    /// ## How to fix it
    /// Put the label into the pod template, so that nobody has to add it:
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"labels":{"sidecar.istio.io/inject":"true"}}}}}'
    /// ```
    ///
    /// Or give the other webhook's configuration a name that comes before `istio-`. Who set the label, and when, stands in
    /// the pod's managedFields; those of what a webhook sets name the creator of the pod:
    ///
    /// ```sh
    /// kubectl get pod POD -n NAMESPACE -o yaml --show-managed-fields
    /// kubectl get mutatingwebhookconfigurations
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Reinvocation policy:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#reinvocation-policy>
    /// - Istio, Controlling the injection policy:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ126", "label-added-too-late", Called, about Pods, rank Contradiction,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let asks = |one: &Differing| {
        let value = one.value.clone().filter(|value| !value.is_empty())?;
        let is_ask = one.key == names::ISTIO_REV || value == "true";
        let label = (one.key, value);
        let is_called = || what_if.is_called(&what_if.namespace, &what_if.pod_with(&label));
        (!one.pod.injected && is_ask && is_called()).then_some(label)
    };
    let all = differing(case)?;
    let asking: Vec<_> = all
        .iter()
        .filter_map(|one| Some((one, asks(one)?)))
        .collect();
    let Some((first, (key, value))) = asking.first() else {
        return Ok(Verdict::Passed);
    };
    let mut pods: Vec<_> = asking.iter().map(|(one, _)| &one.pod.name).collect();
    pods.dedup();
    let message = format!(
        "{} of {} pods have label {key}={value}, which their template does not have, and no sidecar: {}",
        pods.len(),
        case.observation().pods.len(),
        when(case, first)?
    );
    let finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(first.evidence())
    .evidence(template_field(case, Field::Labels, key)?.expected(value));
    let title = format!("set label {key}={value} in the pod template");
    let change = [(Field::Labels, *key, Some(value.as_str()))];
    let mut finding = finding.fix(patch_template(
        case,
        &title,
        &change,
        "new pods get the sidecar",
    )?);
    if first.set.is_none() {
        let namespace = case.target().namespace.as_str();
        let see = Fix::new(
            "see who set the label",
            Risk::ReadOnly,
            "nothing: managedFields tell who set it and when; of what a webhook sets they name the creator of the pod",
        );
        finding = finding.fix(see.show(Command::kubectl([
            "get",
            "pod",
            &first.pod.name,
            "-n",
            namespace,
            "-o",
            "yaml",
            "--show-managed-fields",
        ])));
    }
    Ok(Verdict::of([finding]))
}

/// When and by whom the label was set, as far as that is known.
fn when(case: &Case, one: &Differing) -> Result<String, Missing> {
    let later = changers(case, Side::After)?;
    let by = match later.as_slice() {
        [] => String::new(),
        later => format!(
            " by {}, which comes after the injection webhooks",
            later.join(", ")
        ),
    };
    let created = one.pod.created;
    Ok(match &one.set {
        Some(set) if set.at > created => {
            let at = set.at.map_or_else(String::new, |at| format!(" at {at}"));
            let manager = &set.manager;
            format!("{manager} set it on pod {} after that was created{at}, and labels count only while a pod is created", one.pod.name)
        }
        Some(_) => format!("it was set while pod {} was created{by}, and no injection webhook was called for it", one.pod.name),
        None if later.is_empty() => "it was set after the injection webhooks had their turn, and labels count only while a pod is created".to_owned(),
        None => format!("it was set after the injection webhooks had their turn,{by}, or on the pod that ran"),
    })
}
