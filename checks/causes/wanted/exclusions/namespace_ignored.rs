//! Namespaces that istiod leaves alone.

use crate::causes::fields::NAMESPACE_KEYS;
use crate::causes::static_pods::of_static;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{patch_template, relabelled};
use crate::report::{Effect, Evidence, Field, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::asked::{asks, pod_asks};
use crate::way::{Outcome, names};

declare_check! {
    /// The namespace is one that istiod never injects.
    ///
    /// ## What it finds
    /// The pod is in `kube-system`, `kube-public`, `kube-node-lease` or `local-path-storage`.
    ///
    /// ## Why it matters
    /// The names are built into istiod, and no label changes that. Kubernetes does not exempt them,
    /// though: with a label, the webhook is called for every pod of the namespace, and while istiod is
    /// down, the API server refuses them all, DNS and the network of the cluster among them.
    ///
    /// ## How to fix it
    /// Take the labels away that ask for injection. What needs a sidecar belongs in a namespace of its
    /// own.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/kube/inject/initializer.go`, `IgnoredNamespaces`
    "INJ302", "namespace-ignored", Wanted, about Pods, rank Excluded,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if let Some(verdict) = of_static(case)? {
        return Ok(verdict);
    }
    let name = case.target().namespace.as_str();
    if !names::IGNORED_NAMESPACES.contains(&name) {
        return Ok(Verdict::Passed);
    }
    let asks = asks(case)?;
    let severity = if asks.is_some() {
        Severity::Warning
    } else {
        Severity::Info
    };
    let message = format!(
        "the pod is in namespace {name}, where istiod injects nothing, whatever requests it"
    );
    let mut finding = Finding::new(severity, Effect::Decides(Outcome::NotInjected), message)
        .evidence(
            Evidence::new(format!("namespace/{name}"), ".metadata.name")
                .actual(name)
                .expected("a namespace that is not built into istiod as one to leave alone"),
        );
    if let Some(asks) = asks {
        finding = finding.evidence(asks.evidence);
        if let Some(fix) = unlabel(case)? {
            finding = finding.fix(fix);
        }
        if pod_asks(case)?.is_some() {
            finding = finding.fix(opt_out(case)?);
        }
        finding = finding.fix(Fix::new(
            "or move the workload to a namespace of its own, which is labelled",
            Risk::RestartsPods,
            "its pods can be injected there",
        ));
    }
    Ok(Verdict::of([finding]))
}

/// Takes the labels off that ask for injection here. No pod changes by that, so none has to be restarted.
fn unlabel(case: &Case) -> Result<Option<Fix>, Missing> {
    let name = case.target().namespace.as_str();
    let labels = case
        .namespace()?
        .and_then(|namespace| namespace.metadata.labels.as_ref());
    let found: Vec<_> = NAMESPACE_KEYS
        .into_iter()
        .filter(|key| labels.is_some_and(|labels| labels.contains_key(*key)))
        .collect();
    if found.is_empty() {
        return Ok(None);
    }
    let fix = Fix::new(
        format!("take label {} off namespace {name}", found.join(" and ")),
        Risk::Safe,
        format!(
            "the pods of {name} stay without a sidecar; istiod is no longer asked about them, so they start also while it is down"
        ),
    );
    let entries: Vec<_> = found.iter().map(|key| (*key, None)).collect();
    relabelled(case, fix.without_sidecar(), Field::Labels, &entries).map(Some)
}

fn opt_out(case: &Case) -> Result<Fix, Missing> {
    let changes = [
        (Field::Labels, names::INJECT, Some("false")),
        (Field::Annotations, names::INJECT, None),
        (Field::Labels, names::ISTIO_REV, None),
    ];
    let metadata = &case.workload()?.template.metadata;
    let (labels, annotations) = (metadata.labels.as_ref(), metadata.annotations.as_ref());
    let present = |field: Field, key: &str| {
        let map = match field {
            Field::Labels => labels,
            Field::Annotations => annotations,
        };
        map.is_some_and(|map| map.contains_key(key))
    };
    let changes: Vec<_> = changes
        .into_iter()
        .filter(|(field, key, value)| value.is_some() || present(*field, key))
        .collect();
    patch_template(
        case,
        "let the pod template ask for no sidecar",
        &changes,
        "the pods stay without a sidecar, and istiod is no longer asked about them",
    )
    .map(Fix::without_sidecar)
}
