//! Two managers hold different opinions of the namespace's label.

use std::collections::BTreeMap;

use crate::causes::called::uncalled;
use crate::causes::fields::{NAMESPACE_KEYS, namespace_label};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::relabel_namespace;
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::rules::last_applied::{LAST_APPLIED, labels_applied};
use crate::way::{Case, Outcome};

declare_check! {
    /// Two managers keep setting and removing the injection label of the namespace.
    ///
    /// ## What it finds
    /// The manifest that was applied last to the namespace, which `kubectl apply` and Argo CD keep in annotation
    /// `kubectl.kubernetes.io/last-applied-configuration`, gives label `istio-injection` or `istio.io/rev` another value than
    /// it has, and with that value another webhook is called, or none. What a manager says that keeps no such annotation
    /// is not seen.
    ///
    /// ## Why it matters
    /// A GitOps controller, a Helm release, a namespace operator or a person each hold another opinion of the namespace's
    /// labels, and each restores its own. Whether a pod is injected depends on the moment of its creation, so that pods of
    /// one workload differ.
    ///
    /// ## How to fix it
    /// Decide who owns the label, and change it there: in the Git repository, in the chart, or in the operator's
    /// configuration. Then restart the pods that were created in between.
    ///
    /// ## References
    /// - Kubernetes, Declarative management of objects:
    ///   <https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/>
    /// - Kubernetes, Field management:
    ///   <https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>
    /// - Argo CD, Diff customization: <https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/>
    "INJ131", "namespace-label-fought-over", Called, about Pods, rank Contradiction,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(namespace) = case.namespace()? else {
        return Ok(Verdict::Passed);
    };
    let mut applied = labels_applied(&namespace.metadata);
    let what_if = case.what_if()?;
    let own = &what_if.namespace;
    applied
        .retain(|key, value| NAMESPACE_KEYS.contains(&key.as_str()) && own.get(key) != Some(value));
    let mut then = own.clone();
    then.extend(applied.clone());
    let called = |labels| -> Vec<_> {
        let calls = what_if.calls(labels, &what_if.pod.labels).into_iter();
        calls
            .map(|(_, webhook)| &webhook.client_config.service)
            .collect()
    };
    let (by_own, by_applied) = (called(own), called(&then));
    let Some((key, value)) = applied.first_key_value().filter(|_| by_own != by_applied) else {
        return Ok(Verdict::Passed);
    };
    let name = &case.target().namespace;
    let now = match own.get(key) {
        Some(own) => format!("has {key}={own}"),
        None => format!("has no label {key}"),
    };
    let message = format!(
        "namespace {name} {now}, while the manifest that was applied last says {key}={value}: two managers set the label, and the next `kubectl apply` changes it back"
    );
    let effect = match uncalled(case)? {
        Some(_) => Effect::Decides(Outcome::NotInjected),
        None => Effect::Beside,
    };
    let annotation = format!(".metadata.annotations['{LAST_APPLIED}']");
    let steps = ["metadata", "annotations", LAST_APPLIED];
    let applied_last = Evidence::new(format!("namespace/{name}"), annotation)
        .set_in(&namespace.metadata, &steps)
        .actual(format!("{key}={value}"));
    let mut finding = Finding::new(Severity::Warning, effect, message)
        .evidence(namespace_label(case, key)?)
        .evidence(applied_last);
    if !by_applied.is_empty() {
        finding = finding.fix(as_applied(case, &applied)?);
    }
    Ok(Verdict::of([finding.fix(look(name))]))
}

fn as_applied(case: &Case, applied: &BTreeMap<String, String>) -> Result<Fix, Missing> {
    let fix = Fix::new(
        "label the namespace as its manifest says, and have the other manager do the same; then restart the pods",
        Risk::RestartsPods,
        format!(
            "every new pod in {} gets the sidecar, as long as nobody changes the label again",
            case.target().namespace
        ),
    );
    let all = applied.iter();
    let entries: Vec<_> = all
        .map(|(key, value)| (key.as_str(), Some(value.as_str())))
        .collect();
    relabel_namespace(case, fix, &entries)
}

fn look(namespace: &str) -> Fix {
    Fix::new(
        "see what the manifest says, and change it there if the label is right as it is",
        Risk::ReadOnly,
        "nothing: it shows the manifest that was applied last",
    )
    .show(Command::kubectl([
        "apply",
        "view-last-applied",
        "namespace",
        namespace,
    ]))
}
