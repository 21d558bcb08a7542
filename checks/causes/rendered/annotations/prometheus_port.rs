//! A port that istiod does not let Prometheus scrape.

use crate::causes::fields::template_field;
use crate::causes::rendered::refused;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::{Case, JudgedPod, Outcome, Refusal};

declare_check! {
    /// A port for Prometheus in the pod's annotations is none that istiod accepts.
    ///
    /// ## What it finds
    /// `prometheus.io/port`, or a target in `prometheus.istio.io/scrape-targets`, is no number of a port, or one that the proxy
    /// keeps for itself: 15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053 and 15090. Port 15020 is accepted where it is
    /// written exactly as the mesh's status port. istiod looks at none of this where metrics are not merged, or
    /// `prometheus.io/scrape` is `false`.
    ///
    /// ## Why it matters
    /// istiod of version 1.31 or later merges the metrics of application and proxy, and refuses the pod with `invalid prometheus
    /// scrape configuration` or `invalid prometheus scrape targets`. The API server refuses it, too, whatever failurePolicy says.
    ///
    /// ## How to fix it
    /// Write the number of the application's port. Without the annotation istiod writes its own, which leads to the metrics
    /// of the proxy. Or switch the merging off for the pod with `prometheus.istio.io/merge-metrics: "false"`: then Prometheus
    /// gets what the annotation says.
    ///
    /// ## References
    /// - Istio, Prometheus, metrics merging: <https://istio.io/latest/docs/ops/integrations/prometheus/#option-1-metrics-merging>
    /// - Istio 1.31, `pkg/kube/inject/webhook.go`, `applyPrometheusMerge`
    "INJ406", "prometheus-port", Rendered, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let scrape = |refusal: &Refusal| match refusal {
        Refusal::Scrape { annotation, .. } => Some((annotation.clone(), refusal.to_string())),
        _ => None,
    };
    let (annotation, message) = match refused(case, scrape)? {
        Ok((_, found)) => found,
        Err(verdict) => return Ok(verdict),
    };
    let key = annotation.as_str();
    let pod = case.pod()?;
    let value = pod.annotations.get(key).map_or("", String::as_str);
    let mut finding = Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), message)
        .evidence(template_field(case, Field::Annotations, key)?);
    if let Some(number) = number(&pod, value) {
        finding = finding.fix(patch_template(
            case,
            &format!("write the number of port {value}"),
            &[(Field::Annotations, key, Some(&number))],
            "new pods are made, and their metrics are merged with those of the proxy",
        )?);
    }
    Ok(Verdict::of([finding.fix(patch_template(
        case,
        "take the annotation out of the pod template",
        &[(Field::Annotations, key, None)],
        "new pods are made; istiod writes an annotation of its own, which leads to the metrics of the proxy",
    )?)]))
}

/// The number of the container's port that is called so.
fn number(pod: &JudgedPod, name: &str) -> Option<String> {
    let containers = pod.spec.containers.iter();
    let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
    let port = ports.find(|port| port.name.as_deref() == Some(name))?;
    Some(port.container_port.to_string())
}
