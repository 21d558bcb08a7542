//! The step at which a pod stands on its way to being ready.
//!
//! Source: Kubernetes 1.36, `pkg/kubelet/kubelet.go` (SyncPod) and `pkg/kubelet/kuberuntime/kuberuntime_manager.go`
//! (computePodActions, computeInitContainerActions).

use k8s_openapi::api::core::v1::PodCondition;

use super::Container;
use crate::facts::kinds::Pod;

/// What a pod that is not ready waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<'a> {
    /// A node.
    Node,
    /// Its volumes and its network, before any container.
    Sandbox,
    /// An init container that has to end before the next starts.
    Init(Container<'a>),
    /// The sidecar.
    Proxy(Container<'a>),
    /// Another container.
    Application(Container<'a>),
}

/// The step at which a pod stands, or at which it has failed; none where it is ready, ends or has done its work.
pub fn step(pod: &Pod) -> Option<Step<'_>> {
    let status = pod.status.as_ref()?;
    if pod.metadata.deletion_timestamp.is_some() || status.phase.as_deref() == Some("Succeeded") {
        return None;
    }
    if has_failed(pod) {
        return failed_at(pod);
    }
    let condition = |name: &str| condition(pod, name).map(|one| one.status.as_str());
    if condition("Ready") == Some("True") {
        return None;
    }
    if condition("PodScheduled") == Some("False") {
        return Some(Step::Node);
    }
    let containers = Container::of(pod);
    let is_prepared = |one: &Container| {
        let is_first = one.waiting().and_then(|waiting| waiting.reason.as_deref());
        one.status.is_some() && !matches!(is_first, Some("ContainerCreating" | "PodInitializing"))
    };
    if !containers.iter().any(is_prepared) {
        return Some(Step::Sandbox);
    }
    let is_through = |one: &&Container| match one.goes_on() {
        true => one
            .status
            .is_some_and(|status| status.started == Some(true)),
        false => one.ended().is_some_and(|ended| ended.exit_code == 0),
    };
    let mut init = containers.iter().filter(|one| one.is_init);
    let waits = init.find(|one| !is_through(one));
    let proxy = || {
        containers
            .iter()
            .find(|one| one.is_proxy() && !one.is_ready())
    };
    let other = || {
        containers
            .iter()
            .find(|one| one.goes_on() && !one.is_ready())
    };
    let container = *waits.or_else(proxy).or_else(other)?;
    Some(at(container))
}

/// Whether a pod has ended without having done its work.
pub fn has_failed(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    status.is_some_and(|status| status.phase.as_deref() == Some("Failed"))
}

/// The step at which a pod has failed; none where it was ended from outside, as by an eviction.
fn failed_at(pod: &Pod) -> Option<Step<'_>> {
    let status = pod.status.as_ref()?;
    if status.reason.is_some() {
        return None;
    }
    let mut failed = Container::of(pod);
    failed.retain(|one| one.ended().is_some_and(|ended| ended.exit_code != 0));
    // A sidecar is ended with its pod, and that is no failure where something else failed.
    let first = failed.iter().find(|one| !one.is_proxy());
    let container = *first.or_else(|| failed.first())?;
    Some(at(container))
}

/// The step of a container.
fn at(container: Container<'_>) -> Step<'_> {
    match container {
        one if one.is_proxy() => Step::Proxy(one),
        one if one.is_init => Step::Init(one),
        one => Step::Application(one),
    }
}

/// A condition of a pod.
pub(super) fn condition<'a>(pod: &'a Pod, name: &str) -> Option<&'a PodCondition> {
    let mut all = pod.status.as_ref()?.conditions.iter().flatten();
    all.find(|one| one.type_ == name)
}

impl<'a> Step<'a> {
    /// The container for which the pod waits; none where it has not come so far.
    pub fn container(self) -> Option<Container<'a>> {
        match self {
            Self::Node | Self::Sandbox => None,
            Self::Init(one) | Self::Proxy(one) | Self::Application(one) => Some(one),
        }
    }
}

/// The native sidecar of whose end a kubelet waits that does not know what that is: others say whether it has started.
///
/// Source: Kubernetes 1.27, `pkg/kubelet/prober/prober_manager.go` (UpdatePodStatus).
pub fn waits_for_end(step: Step<'_>) -> Option<Container<'_>> {
    let Step::Proxy(proxy) = step else {
        return None;
    };
    let is_silent = proxy.status.is_some_and(|status| status.started.is_none());
    (proxy.is_init && proxy.is_running() && is_silent).then_some(proxy)
}
