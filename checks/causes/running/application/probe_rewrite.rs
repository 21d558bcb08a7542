//! Probes that the sidecar turns away, as they are not led through its agent.

use k8s_openapi::api::core::v1::{Container, Probe};

use crate::causes::fields::template_field;
use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::Field;
use crate::texts::{Transport, network_error};
use crate::way::Case;
use crate::way::running::{Place, Said, Step, Unwell};

declare_check! {
    /// Probes of the application fail, because they are not rewritten.
    ///
    /// ## What it finds
    /// A container with a probe by HTTP is not ready, the kubelet's connection is reset or closed, and the probe does not go
    /// to the sidecar's agent (`/app-health/`), although the pod template has it: rewriting was switched off when the pod
    /// was created, by annotation `sidecar.istio.io/rewriteAppHTTPProbers` or by the injector's values.
    ///
    /// ## Why it matters
    /// The kubelet has no certificate of the mesh. Where mutual TLS is STRICT, the sidecar closes its connection. istiod
    /// therefore leads HTTP, TCP and gRPC probes through the agent, which calls the application at the pod's address, or
    /// at localhost in older versions: an application that does not listen there fails the probe all the same, and
    /// istio-proxy's log has `Request to probe app failed`.
    ///
    /// ## How to fix it
    /// Switch the rewriting on, as the printed command does. Where the application has to be called at its own address, leave
    /// it off and take the probe's port out of the mesh:
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"annotations":{"traffic.sidecar.istio.io/excludeInboundPorts":"PORT"}}}}}'
    /// ```
    ///
    /// ## References
    /// - Istio, Health checking of Istio services:
    ///   <https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/>
    "INJ628", "probe-rewrite", Running, about Pods,
    run
}

const REWRITE: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    for unwell in case.unwell()?.iter() {
        let Step::Application(container) = unwell.step else {
            continue;
        };
        let templates = &case.workload()?.template.spec.containers;
        let meant = templates.iter().find(|one| one.name == container.name());
        let Some(said) = turned_away(unwell).filter(|_| meant.is_some_and(asks_by_http)) else {
            continue;
        };
        let by = match unwell.pod.metadata.annotations.as_ref() {
            Some(all) if all.contains_key(REWRITE) => format!("annotation {REWRITE}"),
            _ => "the injector's values (sidecarInjectorWebhook.rewriteAppHTTPProbe)".to_owned(),
        };
        let message = format!(
            "container {} of {} of {} is not ready: {by} lets the kubelet's probe go to the sidecar, which closes it, as it comes without mutual TLS",
            container.name(),
            pods_in_words(unwell),
            case.target(),
        );
        let mut finding = not_ready(case, message).evidence(said.evidence(unwell.name()));
        let annotation = template_field(case, Field::Annotations, REWRITE)?;
        let is_set = annotation.actual.is_some();
        finding.evidence.extend(is_set.then_some(annotation));
        findings.push(finding.fix(patch_template(
            case,
            "lead the probes through the sidecar's agent",
            &[(Field::Annotations, REWRITE, Some("true"))],
            "the kubelet asks the agent, which asks the application",
        )?));
    }
    Ok(Verdict::of(findings))
}

/// What the kubelet says last about a probe by HTTP that is not the agent's, where its connection was closed on it.
fn turned_away<'u>(unwell: &'u Unwell) -> Option<&'u Said> {
    let unhealthy = Place::Event("Unhealthy".to_owned());
    let said = unwell.said.iter().rfind(|said| said.place == unhealthy)?;
    let is_plain = said.text.contains("\"http://") && !said.text.contains("/app-health/");
    let why = network_error(&said.text).filter(|_| is_plain)?.why;
    matches!(why, Transport::Reset | Transport::Eof).then_some(said)
}

fn asks_by_http(container: &Container) -> bool {
    let probes = [
        &container.startup_probe,
        &container.readiness_probe,
        &container.liveness_probe,
    ];
    let by_http = |probe: &Probe| probe.http_get.is_some();
    probes.into_iter().flatten().any(by_http)
}
