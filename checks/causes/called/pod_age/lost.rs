//! Pods have a sidecar, and the next one will not.

use crate::causes::fields::{NAMESPACE_KEYS, namespace_label, sidecar_status};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{label_namespace, restart};
use crate::report::{Difference, Effect, Finding, Fix, Risk, Severity};
use crate::stage::Stage;
use crate::way::observe::status_of_template;
use crate::way::{Case, Outcome, asks_for_ambient, is_fresh, names};

declare_check! {
    /// Running pods have a sidecar, and the next one will not: label, tag or webhook was taken away.
    ///
    /// ## What it finds
    /// Pods of the workload carry annotation `sidecar.istio.io/status`, and were created before what decides
    /// about injection was changed. As that is now, the next pod will not be injected.
    ///
    /// ## Why it matters
    /// The pods work until they are restarted: by the next deployment, or when a node is drained. Then
    /// they leave the mesh, and clients that expect mutual TLS of them fail.
    ///
    /// ## How to fix it
    /// Set the label again that was taken away. Where the workload is to leave the mesh, restart the pods
    /// at a time of your choice. The same ends the move of a namespace to the ambient data plane.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ125", "injection-lost", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    case.pods()?;
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::NotInjected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        Outcome::Injected => return Ok(Verdict::not_applicable("the next pod is injected")),
        Outcome::Rejected => return Ok(Verdict::not_applicable("the next pod is refused")),
    }
    if status_of_template(case)?.is_some() {
        let reason =
            "the pods have what stands in their template, which a restart does not take away";
        return Ok(Verdict::not_applicable(reason));
    }
    let observation = case.observation();
    let mut lost = Vec::new();
    for pod in observation.pods.iter().filter(|pod| pod.injected) {
        if !is_fresh(case, pod)? {
            lost.push(pod);
        }
    }
    let Some(first) = lost.first() else {
        return Ok(Verdict::Passed);
    };
    let (lost, all) = (lost.len(), observation.pods.len());
    let finding = |message: String| {
        let effect = Effect::Differs(Difference::LosesSidecar);
        Finding::new(Severity::Warning, effect, message).evidence(sidecar_status(first))
    };
    if asks_for_ambient(case)?.is_some() {
        let message = format!(
            "{lost} of {all} pods have a sidecar still, and the next one will be in the ambient data plane"
        );
        let end = Fix::new(
            "restart the pods, which ends their move to the ambient data plane",
            Risk::RestartsPods,
            "the pods come back without a sidecar, and ztunnel serves them",
        );
        let mut finding = finding(message).fix(end.without_sidecar().restart(restart(case)?));
        finding.because = Some("ambient-namespace");
        return Ok(Verdict::of([finding]));
    }
    let mut finding = finding(format!(
        "{lost} of {all} pods have a sidecar, and the next one will not get it, because {}",
        prediction.because
    ));
    for key in NAMESPACE_KEYS {
        finding = finding.evidence(namespace_label(case, key)?);
    }
    let is_asked = finding
        .evidence
        .iter()
        .skip(1)
        .any(|one| one.actual.is_some());
    if let (Some(revision), Stage::Called, false) = (&first.revision, prediction.decided, is_asked)
    {
        let label = match revision.as_str() {
            "default" => (names::ISTIO_INJECTION, "enabled".to_owned()),
            revision => (names::ISTIO_REV, revision.to_owned()),
        };
        finding.because = Some("namespace-not-labelled");
        finding = finding.fix(label_namespace(case, &label)?);
    }
    let leave = Fix::new(
        "restart the pods, if they are to leave the mesh",
        Risk::RestartsPods,
        "the pods come back without a sidecar",
    );
    Ok(Verdict::of([
        finding.fix(leave.without_sidecar().restart(restart(case)?))
    ]))
}
