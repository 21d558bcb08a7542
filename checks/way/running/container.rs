//! A container of a pod: what it is to be, and how it fares.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    Container as Spec, ContainerState, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus,
};

use crate::facts::kinds::Pod;
use crate::way::rendered::containers::{PROXY, is_istios};

/// A container of a pod.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Container<'a> {
    /// What it is to be.
    pub spec: &'a Spec,
    /// How it fares; none where the kubelet has not said yet.
    pub status: Option<&'a ContainerStatus>,
    /// Whether it stands among the init containers.
    pub is_init: bool,
}

impl<'a> Container<'a> {
    /// All containers of a pod in the order in which the kubelet starts them.
    pub fn of(pod: &'a Pod) -> Vec<Self> {
        let Some(spec) = &pod.spec else {
            return Vec::new();
        };
        let status = pod.status.as_ref();
        let statuses = |of: Option<&'a Vec<ContainerStatus>>, name: &str| {
            of.and_then(|all| all.iter().find(|one| one.name == name))
        };
        let init = spec.init_containers.iter().flatten().map(|one| Self {
            spec: one,
            status: statuses(
                status.and_then(|status| status.init_container_statuses.as_ref()),
                &one.name,
            ),
            is_init: true,
        });
        let others = spec.containers.iter().map(|one| Self {
            spec: one,
            status: statuses(
                status.and_then(|status| status.container_statuses.as_ref()),
                &one.name,
            ),
            is_init: false,
        });
        init.chain(others).collect()
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.spec.name
    }

    /// Whether it is the sidecar.
    pub fn is_proxy(&self) -> bool {
        self.name() == PROXY
    }

    /// Whether Istio brings it.
    pub fn is_of_istio(&self) -> bool {
        is_istios(self.name())
    }

    /// Whether it goes on beside the others: no init container, or one that is started again whenever it ends (native
    /// sidecars, Kubernetes 1.28).
    pub fn goes_on(&self) -> bool {
        !self.is_init || self.spec.restart_policy.as_deref() == Some("Always")
    }

    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        self.status.is_some_and(|status| status.ready)
    }

    /// What it waits for.
    pub fn waiting(&self) -> Option<&'a ContainerStateWaiting> {
        self.state()?.waiting.as_ref()
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.state().is_some_and(|state| state.running.is_some())
    }

    /// Since when it runs.
    pub fn running_since(&self) -> Option<Timestamp> {
        let running = self.state()?.running.as_ref()?;
        running.started_at.as_ref().map(|time| time.0)
    }

    /// How it ended, where it has ended.
    pub fn ended(&self) -> Option<&'a ContainerStateTerminated> {
        self.state()?.terminated.as_ref()
    }

    /// How it ended last, before it was started again or while it waits for that.
    pub fn ended_before(&self) -> Option<&'a ContainerStateTerminated> {
        self.status?.last_state.as_ref()?.terminated.as_ref()
    }

    /// How it ended, now or the last time.
    pub fn ended_last(&self) -> Option<&'a ContainerStateTerminated> {
        self.ended().or_else(|| self.ended_before())
    }

    /// How often it was started again.
    pub fn restarts(&self) -> i32 {
        self.status.map_or(0, |status| status.restart_count)
    }

    fn state(&self) -> Option<&'a ContainerState> {
        self.status?.state.as_ref()
    }

    /// Where its status stands in the pod.
    pub fn status_path(&self) -> String {
        let list = match self.is_init {
            true => "initContainerStatuses",
            false => "containerStatuses",
        };
        format!(".status.{list}[?(@.name=='{}')]", self.name())
    }
}
