//! The namespace decides, and not the pod.

use crate::causes::fields::{NAMESPACE_KEYS, namespace_label, template_field};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::{Outcome, names};

declare_check! {
    /// The namespace's label decides about the revision, and the pod's is ignored.
    ///
    /// ## What it finds
    /// Label `istio.io/rev` of the pod template names another revision than the one that injects the
    /// pod, because the namespace has an injection label of its own.
    ///
    /// ## Why it matters
    /// The pod's label is looked at only in namespaces without injection labels. So the pod runs a
    /// proxy of another revision than its author believes.
    ///
    /// ## How to fix it
    /// Take the label off the pod template. To move one workload to another revision, its namespace
    /// has to do without injection labels.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ110", "pod-revision-ignored", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let what_if = case.what_if()?;
    let key = names::ISTIO_REV;
    let Some(revision) = what_if.pod.labels.get(key) else {
        return Ok(Verdict::Passed);
    };
    let Some(decides) = NAMESPACE_KEYS
        .into_iter()
        .find(|key| what_if.namespace.contains_key(*key))
    else {
        return Ok(Verdict::Passed);
    };
    let mut unlabelled = what_if.namespace.clone();
    NAMESPACE_KEYS
        .iter()
        .for_each(|key| drop(unlabelled.remove(*key)));
    let pod = &what_if.pod.labels;
    let services = |labels| -> Vec<_> {
        let calls = what_if.calls(labels, pod).into_iter();
        calls
            .map(|(_, webhook)| webhook.client_config.service.clone())
            .collect()
    };
    let (now, by_pod) = (services(&what_if.namespace), services(&unlabelled));
    if now.is_empty() || now == by_pod {
        return Ok(Verdict::Passed);
    }
    let name = &case.target().namespace;
    let message = format!(
        "the pod asks for revision {revision}, but label {decides} of namespace {name} decides, and calls another"
    );
    let change = [(Field::Labels, key, None)];
    let title = format!("remove label {key} from the pod template");
    let effect = "the pods say no longer what is not so; they are injected as the namespace says";
    let finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::Injected),
        message,
    )
    .evidence(template_field(case, Field::Labels, key)?)
    .evidence(namespace_label(case, decides)?)
    .fix(patch_template(case, &title, &change, effect)?);
    Ok(Verdict::of([finding]))
}
