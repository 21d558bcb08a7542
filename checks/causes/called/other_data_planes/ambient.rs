//! The ambient data plane.

use crate::causes::fields::{NAMESPACE_KEYS, namespace_label, template_field};
use crate::causes::opposed::opposed;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{ask_by_label, patch_template, unlabel_namespace};
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::asked::pod_asks_for_sidecar;
use crate::way::{AmbientBy, Outcome, asks_for_ambient, is_static, names};

declare_check! {
    /// The namespace or the pod is in the ambient data plane, which needs no sidecar.
    ///
    /// ## What it finds
    /// Label `istio.io/dataplane-mode` of the namespace or the pod template is `ambient`; and whether
    /// the pod is injected all the same.
    ///
    /// ## Why it matters
    /// In ambient mode ztunnel on the node does the sidecar's work, so a pod without one is as it
    /// should be. A pod that is injected all the same is left out of ambient: the sidecar wins.
    ///
    /// ## How to fix it
    /// Decide for one of them. Take `istio.io/dataplane-mode` away for sidecars, or the injection
    /// label for ambient.
    ///
    /// ## References
    /// - Istio, Add workloads to an ambient mesh: <https://istio.io/latest/docs/ambient/usage/add-workloads/>
    "INJ121", "ambient-namespace", Called, about Pods, rank Excluded,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let what_if = case.what_if()?;
    let key = names::DATAPLANE_MODE;
    let (Some(by), false) = (asks_for_ambient(case)?, is_static(case)?) else {
        return Ok(Verdict::Passed);
    };
    let evidence = match by {
        AmbientBy::Pod => template_field(case, Field::Labels, key)?,
        AmbientBy::Namespace => namespace_label(case, key)?,
    };
    let (severity, outcome, message) = if what_if.is_called(&what_if.namespace, &what_if.pod.labels)
    {
        let message = "the pod is asked into the ambient data plane and injected as well: the sidecar wins, and ztunnel leaves the pod alone";
        (Severity::Warning, Outcome::Injected, message)
    } else {
        let message = "the pod is in the ambient data plane, where ztunnel does the sidecar's work";
        (Severity::Info, Outcome::NotInjected, message)
    };
    let mut finding = Finding::new(severity, Effect::Decides(outcome), message).evidence(evidence);
    if outcome == Outcome::NotInjected
        && let Some(asked) = pod_asks_for_sidecar(case)?
    {
        let label = (names::INJECT, "true".to_owned());
        let fix = ask_by_label(case, &asked, &label)?;
        finding = opposed(finding, Some(asked)).fix(fix);
    }
    if outcome == Outcome::Injected {
        let labelled = NAMESPACE_KEYS
            .into_iter()
            .find(|key| what_if.namespace.contains_key(*key));
        if let Some(labelled) = labelled {
            let changes = "new pods go without a sidecar, and ztunnel serves them";
            finding = finding
                .evidence(namespace_label(case, labelled)?)
                .fix(unlabel_namespace(case, &[labelled], changes)?.without_sidecar());
        }
        let changes = "new pods have the sidecar only, as now; pods that have none leave the mesh";
        finding = finding.fix(match by {
            AmbientBy::Pod => patch_template(
                case,
                "leave the ambient data plane",
                &[(Field::Labels, key, None)],
                changes,
            )?,
            AmbientBy::Namespace => unlabel_namespace(case, &[key], changes)?,
        });
    }
    Ok(Verdict::of([finding]))
}
