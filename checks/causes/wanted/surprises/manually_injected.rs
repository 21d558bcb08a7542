//! The sidecar, or its mark, is part of the pod template.

use crate::causes::fields::{NAMESPACE_KEYS, namespace_label, template_field};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{label_namespace, patch_template};
use crate::report::{Effect, Evidence, Field, Finding, Fix, Risk, Severity};
use crate::way::observe::{brings_proxy, status_of_template, status_revision};
use crate::way::rendered::containers::PROXY;
use crate::way::{Case, Outcome, names};

declare_check! {
    /// The pod template was injected by istioctl kube-inject, or holds the status annotation of a copied pod.
    ///
    /// ## What it finds
    /// The template itself has annotation `sidecar.istio.io/status`, which istiod writes into pods that it injects, and
    /// the webhook does not inject the pod.
    ///
    /// ## Why it matters
    /// With a container `istio-proxy` in the template, the pod has a proxy, of the version of the day on which the
    /// manifest was written: neither upgrades nor restarts renew it. Without one, the annotation makes the CNI
    /// plugin, ambient and tools take the pod for injected, and it is in no mesh at all.
    ///
    /// Where the webhook injects such a pod, it replaces what the annotation lists by its own, and writes the
    /// annotation anew. Nothing is wrong then.
    ///
    /// ## How to fix it
    /// Take a copied annotation out of the template. After `kube-inject`, apply the manifest from before. Then let
    /// the webhook inject: label the namespace.
    ///
    /// ## References
    /// - Istio, Manual sidecar injection: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#manual-sidecar-injection>
    /// - Istio 1.31, `pkg/kube/inject/inject.go` (`stripPod`) and `cni/pkg/util/podutil.go`
    "INJ312", "manually-injected", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(status) = status_of_template(case)? else {
        return Ok(Verdict::Passed);
    };
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::NotInjected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        Outcome::Injected => {
            let reason = "the webhook replaces what the template has of a sidecar by its own";
            return Ok(Verdict::not_applicable(reason));
        }
        Outcome::Rejected => return Ok(Verdict::not_applicable("the next pod is refused")),
    }
    let status = Evidence {
        actual: Some(match status_revision(&status) {
            Some(revision) => format!("revision {revision}"),
            None => "no revision".to_owned(),
        }),
        ..template_field(case, Field::Annotations, names::STATUS)?
    };
    let effect = Effect::Decides(Outcome::NotInjected);
    let workload = case.workload()?;
    let spec = &workload.template.spec;
    let mut finding = if brings_proxy(spec) {
        let message = format!(
            "the pod template has container istio-proxy and annotation {}, as istioctl kube-inject writes them: the pods run this proxy, and the webhook injects none",
            names::STATUS
        );
        let is_init = !spec.containers.iter().any(|one| one.name == PROXY);
        let field = if is_init {
            "initContainers"
        } else {
            "containers"
        };
        let path = format!(
            "{}.spec.{field}[?(@.name==\"{PROXY}\")]",
            workload.template_path()
        );
        let proxy = Evidence::new(workload.reference(), path).actual("is there");
        Finding::new(Severity::Info, effect, message)
            .evidence(proxy)
            .evidence(status)
            .fix(Fix::new(
                "apply the manifest from before kube-inject, then label the namespace",
                Risk::RestartsPods,
                "the pods get a sidecar that is renewed with istiod at each restart",
            ))
    } else {
        let message = format!(
            "the pod template has annotation {}, but no container istio-proxy: the pods are taken for injected and have no sidecar, because {}",
            names::STATUS,
            prediction.because
        );
        let remove = patch_template(
            case,
            "take the annotation out of the pod template",
            &[(Field::Annotations, names::STATUS, None)],
            "the pods have no sidecar, and are not taken for injected any more",
        )?;
        Finding::new(Severity::Warning, effect, message)
            .evidence(status.expected("no such annotation"))
            .fix(remove.without_sidecar())
    };
    for key in NAMESPACE_KEYS {
        finding = finding.evidence(namespace_label(case, key)?);
    }
    let label = case.what_if()?.namespace_label(case)?;
    if let Some(label) = label.filter(|_| !brings_proxy(spec)) {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    Ok(Verdict::of([finding]))
}
