//! Native sidecars on nodes whose kubelet does not know them.

use k8s_openapi::api::core::v1::Event;

use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::fixes::patch_template;
use crate::report::{Field, Finding};
use crate::way::rendered::{kubelet_version, kubernetes_minor};
use crate::way::running::{Unwell, node, waits_for_end};
use crate::way::{Case, names};

declare_check! {
    /// The pod has a native sidecar, and the kubelet of its node does not know what that is.
    ///
    /// ## What it finds
    /// The pod stays in Init: istio-proxy is an init container that goes on (`restartPolicy: Always`), it runs, and the
    /// kubelet of the node is older than 1.28. Or the kubelet refuses pods with InitContainerRestartPolicyForbidden, as
    /// Kubernetes 1.28 does, and newer ones do where the feature gate SidecarContainers is off.
    ///
    /// ## Why it matters
    /// Before Kubernetes 1.28 the kubelet takes istio-proxy for an init container and waits for its end. A kubelet that
    /// refuses the pod leaves it as Failed, and its controller creates the next one.
    ///
    /// Native sidecars are forced by `ENABLE_NATIVE_SIDECARS=true` of istiod or by annotation
    /// `sidecar.istio.io/nativeSidecar`. By itself, Istio 1.31 uses them only where all nodes are 1.33 or newer.
    ///
    /// ## How to fix it
    /// Upgrade the nodes. Until then, use the classic sidecar, as the printed command does.
    ///
    /// ## References
    /// - Kubernetes, Sidecar containers: <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
    "INJ632", "native-sidecar-kubelet", Running, about Pods,
    run
}

/// The first version whose kubelet knows the field.
const FIRST: u32 = 28;

/// Source: Kubernetes 1.36, `pkg/kubelet/lifecycle/predicate.go`.
const REFUSED: &str = "InitContainerRestartPolicyForbidden";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    for unwell in case.unwell()?.iter() {
        findings.extend(waiting(case, unwell)?);
    }
    if findings.is_empty() {
        findings.extend(refused(case)?);
    }
    let classic = (Field::Annotations, names::NATIVE, Some("false"));
    let effect = "the sidecar is an ordinary container, which every kubelet knows";
    let fixed = findings.into_iter().map(|finding| {
        let fix = patch_template(case, "use the classic sidecar", &[classic], effect)?;
        Ok(finding.fix(fix))
    });
    Ok(Verdict::of(fixed.collect::<Result<Vec<_>, Missing>>()?))
}

/// A pod of which the kubelet waits for the end of the sidecar.
fn waiting(case: &Case, unwell: &Unwell) -> Result<Option<Finding>, Missing> {
    let (Some(proxy), Some(own)) = (waits_for_end(unwell.step), node(unwell.pod)) else {
        return Ok(None);
    };
    let mut versions = case.nodes()?.iter().map(kubelet_version);
    let version = versions.find_map(|(name, version)| (name == own).then_some(version));
    let Some(version) = version.filter(|one| kubernetes_minor(one).is_some_and(|one| one < FIRST))
    else {
        return Ok(None);
    };
    let message = format!(
        "{} of {} stays in Init: the kubelet of node {own} waits for the end of {}, a native sidecar, which version {version} does not know",
        pods_in_words(unwell),
        case.target(),
        proxy.name(),
    );
    let evidence = Evidence::new(format!("node/{own}"), ".status.nodeInfo.kubeletVersion");
    Ok(Some(
        not_ready(case, message).evidence(evidence.actual(version)),
    ))
}

/// Pods that the kubelet refuses, as far as some are still missing.
fn refused(case: &Case) -> Result<Option<Finding>, Missing> {
    let readiness = case.observation().readiness;
    if readiness.is_none_or(|all| all.ready >= all.pods) {
        return Ok(None);
    }
    let is_meant = |event: &&&Event| event.reason.as_deref() == Some(REFUSED);
    let events = case.events()?;
    let Some(event) = events.iter().rfind(is_meant) else {
        return Ok(None);
    };
    let pod = event.involved_object.name.as_deref().unwrap_or_default();
    let message = format!(
        "the kubelet refuses pod {pod} of {}: it does not know native sidecars, or its feature gate SidecarContainers is off",
        case.target(),
    );
    let evidence = Evidence::new(format!("event {REFUSED} of pod/{pod}"), ".message");
    let said = event.message.clone().unwrap_or_default();
    Ok(Some(
        not_ready(case, message).evidence(evidence.actual(said)),
    ))
}
