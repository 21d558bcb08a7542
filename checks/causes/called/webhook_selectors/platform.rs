//! Selectors into which the platform has put a condition of its own.

use super::changed::{Changed, changed};
use crate::causes::fields::namespace_label;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{restart, unlabel_namespace};
use crate::report::{Change, Effect, Field, Finding, Fix, Object, Patch, Severity};
use crate::way::{Case, Outcome};

declare_check! {
    /// The platform rewrites the selectors of the injection webhook, and so excludes the namespace.
    ///
    /// ## What it finds
    /// The namespaceSelector of an injection entry asks that the namespace has no label `control-plane`, or none of
    /// `kubernetes.azure.com`, which Istio's charts do not ask for. The namespace has it, and without that condition the entry would be
    /// called for the pod.
    ///
    /// ## Why it matters
    /// The API server does not call the webhook for pods of such a namespace, and nothing says so. The admissions
    /// enforcer of AKS adds the condition to every webhook, again after each change. Operators and
    /// Kubeflow put the label on namespaces of their own.
    ///
    /// ## How to fix it
    /// Remove the label from the namespace, if nothing needs it, and restart the workload. Or tell the enforcer to
    /// leave the webhook alone, by the label `admissions.enforcer/disabled=true` on its configuration, and put the selectors back.
    ///
    /// ## References
    /// - Microsoft, Frequently asked questions about AKS: <https://learn.microsoft.com/azure/aks/faq>
    /// - Kubernetes, Matching requests, namespaceSelector:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-namespaceselector>
    "INJ129", "webhook-selectors-platform", Called, about Pods, rank Webhooks,
    run
}

/// The label by which the enforcer leaves a configuration alone.
/// Source: Azure, AKS FAQ, "Can admission controller webhooks impact kube-system and internal AKS namespaces?".
const LEFT_ALONE: &str = "admissions.enforcer/disabled";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(changed) = changed(case)?.filter(is_of_platform) else {
        return Ok(Verdict::Passed);
    };
    let keys: Vec<_> = keys(&changed).collect();
    let namespace = &case.target().namespace;
    let message = format!(
        "the platform has put a condition into the namespaceSelector of {} in {}, which excludes namespace {namespace} by its label {}",
        changed.webhook.name,
        changed.name(),
        keys.join(" and ")
    );
    let effect = Effect::Decides(Outcome::NotInjected);
    let mut finding = Finding::new(Severity::Warning, effect, message);
    finding = changed.evidence().fold(finding, Finding::evidence);
    for key in &keys {
        finding = finding.evidence(namespace_label(case, key)?.expected("no such label"));
    }
    let changes = format!("new pods of {namespace} get the sidecar");
    Ok(Verdict::of([finding
        .fix(unlabel_namespace(case, &keys, &changes)?)
        .fix(leave_alone(&changed).restart(restart(case)?))]))
}

/// Whether all that excludes the pod is what a platform asks of the namespace.
pub fn is_of_platform(changed: &Changed) -> bool {
    let all = changed.selectors.iter().flat_map(|one| one.unmet());
    all.count() == keys(changed).count()
}

/// The labels of the namespace that the platform's conditions exclude.
fn keys<'c>(changed: &'c Changed) -> impl Iterator<Item = &'c str> {
    let selectors = changed.selectors.iter();
    let of_namespace = selectors.filter(|one| one.field == "namespaceSelector");
    let unmet = of_namespace.flat_map(|one| one.unmet());
    unmet
        .map(|one| one.key.as_str())
        .filter(|key| *key == "control-plane" || key.starts_with("kubernetes.azure.com/"))
}

fn leave_alone(changed: &Changed) -> Fix {
    let object = Object::unscoped("MutatingWebhookConfiguration", changed.name());
    let label = vec![(LEFT_ALONE.to_owned(), Some("true".to_owned()))];
    let label = Change::new(object, Patch::Metadata(Field::Labels, label));
    let mut fix = changed
        .put_back("tell the platform to leave the webhook alone, and put its selectors back");
    // The label comes first, else the platform changes the selectors again.
    let put_back = std::mem::take(&mut fix.steps);
    let mut fix = fix.change(label, changed.configuration);
    fix.steps.extend(put_back);
    fix
}
