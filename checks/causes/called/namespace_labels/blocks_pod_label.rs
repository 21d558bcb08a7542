//! The namespace's opt-out beats the pod's opt-in.

use crate::causes::called::uncalled;
use crate::causes::fields::{NAMESPACE_KEYS, namespace_label, template_field};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::unlabel_namespace;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::{Outcome, names};

declare_check! {
    /// The namespace's label keeps a pod's own label from being looked at.
    ///
    /// ## What it finds
    /// The pod template asks for injection in a label, `sidecar.istio.io/inject=true` or
    /// `istio.io/rev`, but label `istio-injection` of the namespace is there with another value
    /// than `enabled`; without it the pod's label would be enough.
    ///
    /// ## Why it matters
    /// The webhook entries that look at pod labels select only namespaces without `istio-injection`
    /// and `istio.io/rev`. The pod's wish is never seen.
    ///
    /// ## How to fix it
    /// Take the label off the namespace: its other pods stay as they are, since nothing else asks for
    /// injection there. Then restart the pods.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ105", "namespace-blocks-pod-label", Called, about Pods, rank Pod,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let key = names::ISTIO_INJECTION;
    let Some(value) = what_if
        .namespace
        .get(key)
        .filter(|value| *value != "enabled")
    else {
        return Ok(Verdict::Passed);
    };
    let mut unlabelled = what_if.namespace.clone();
    unlabelled.remove(key);
    unlabelled.remove(names::ISTIO_REV);
    let asked = [names::INJECT, names::ISTIO_REV]
        .into_iter()
        .find(|key| what_if.pod.labels.contains_key(*key));
    let Some(asked) = asked.filter(|_| what_if.is_called(&unlabelled, &what_if.pod.labels)) else {
        return Ok(Verdict::Passed);
    };
    let name = &case.target().namespace;
    let message = format!(
        "the pod asks for injection in label {asked}, but {key}={value} on namespace {name} keeps it from being looked at"
    );
    let changes = format!(
        "pods of {name} that ask for injection in a label get the sidecar, the others stay as they are"
    );
    let in_the_way = NAMESPACE_KEYS
        .into_iter()
        .filter(|key| what_if.namespace.contains_key(*key))
        .collect::<Vec<_>>();
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(namespace_label(case, key)?)
    .evidence(template_field(case, Field::Labels, asked)?)
    .fix(unlabel_namespace(case, &in_the_way, &changes)?)]))
}
