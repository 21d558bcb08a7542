//! Kubernetes' own types as the one shape that the checks read.

use std::fmt::Debug;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::kinds::Pod;
use super::{Condition, Kind, Readiness, Rollout, Template, Workload};

/// A kind that is a pod or makes pods.
pub trait MakesPods: Debug {
    /// Its kind.
    fn kind(&self) -> Kind;

    /// Its metadata.
    fn metadata(&self) -> &ObjectMeta;

    /// The selector of its pods, if it has one.
    fn selector(&self) -> Option<&LabelSelector> {
        None
    }

    /// Metadata and spec of the pods it makes; for a pod its own, without the volumes.
    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>);

    /// The volumes that the template does not have.
    fn volumes(&self) -> Option<Vec<Volume>> {
        None
    }

    /// What keeps a change of the template from the pods that exist.
    fn rollout(&self) -> Rollout {
        Rollout::Automatic
    }

    /// Pods it wants now; none where the kind has no such number.
    fn replicas(&self) -> Option<i32> {
        None
    }

    /// How many of its pods are ready, as its status says.
    fn readiness(&self) -> Option<Readiness> {
        None
    }

    /// Its status conditions.
    fn conditions(&self) -> Vec<Condition> {
        Vec::new()
    }

    /// Whether all of it was read.
    fn is_whole(&self) -> bool {
        true
    }

    /// What it is to the checks.
    fn workload(&self) -> Workload {
        let (metadata, spec) = self.template();
        let mut spec = spec.cloned().unwrap_or_default();
        spec.volumes = self.volumes().or(spec.volumes);
        Workload {
            kind: self.kind(),
            metadata: self.metadata().clone(),
            custom: None,
            template: Template {
                metadata: metadata.cloned().unwrap_or_default(),
                spec,
            },
            rollout: self.rollout(),
            replicas: self.replicas(),
            readiness: self.readiness(),
            conditions: self.conditions(),
        }
    }
}

/// Calls a generic function with the type of a kind of target, or gives `$other` for other kinds.
#[macro_export]
macro_rules! for_workload {
    ($kind:expr, $function:ident($($argument:expr),*), $other:expr) => {
        match $kind {
            $crate::facts::Kind::Pod => $function::<$crate::facts::kinds::Pod>($($argument),*),
            $crate::facts::Kind::Deployment => $function::<$crate::facts::kinds::Deployment>($($argument),*),
            $crate::facts::Kind::StatefulSet => $function::<$crate::facts::kinds::StatefulSet>($($argument),*),
            $crate::facts::Kind::DaemonSet => $function::<$crate::facts::kinds::DaemonSet>($($argument),*),
            $crate::facts::Kind::ReplicaSet => $function::<$crate::facts::kinds::ReplicaSet>($($argument),*),
            $crate::facts::Kind::Job => $function::<$crate::facts::kinds::Job>($($argument),*),
            $crate::facts::Kind::CronJob => $function::<$crate::facts::kinds::CronJob>($($argument),*),
            $crate::facts::Kind::MutatingWebhookConfiguration => $other,
        }
    };
}
pub use for_workload;

fn parts(template: Option<&PodTemplateSpec>) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
    match template {
        Some(template) => (template.metadata.as_ref(), template.spec.as_ref()),
        None => (None, None),
    }
}

fn by_strategy(strategy: Option<&String>) -> Rollout {
    match strategy.map(String::as_str) {
        Some("OnDelete") => Rollout::OnDelete,
        _ => Rollout::Automatic,
    }
}

/// The kinds whose status has conditions differ in nothing but the conditions' type.
macro_rules! conditions {
    ($status:expr) => {
        $status
            .iter()
            .filter_map(|status| status.conditions.as_ref())
            .flatten()
            .map(|condition| Condition {
                type_: condition.type_.clone(),
                status: condition.status.clone(),
                reason: condition.reason.clone().unwrap_or_default(),
                message: condition.message.clone().unwrap_or_default(),
                last_transition_time: condition.last_transition_time.clone(),
            })
            .collect()
    };
}

impl MakesPods for Pod {
    fn kind(&self) -> Kind {
        Kind::Pod
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        (Some(&self.metadata), self.spec.as_ref())
    }

    fn volumes(&self) -> Option<Vec<Volume>> {
        self.volumes()
    }

    fn readiness(&self) -> Option<Readiness> {
        let status = self.status.as_ref()?;
        // With a reason it was ended from outside, as by an eviction, and something else takes its place.
        let is_ended = status.reason.is_some();
        match status.phase.as_deref() {
            Some("Succeeded") => return None,
            Some("Failed") if is_ended => return None,
            _ => {}
        }
        let mut conditions = status.conditions.iter().flatten();
        let is_ready = conditions.any(|one| one.type_ == "Ready" && one.status == "True");
        Some(Readiness {
            pods: 1,
            ready: is_ready.into(),
        })
    }
}

/// A pod of which only the metadata was read, as its template stands in its owner.
impl MakesPods for ObjectMeta {
    fn kind(&self) -> Kind {
        Kind::Pod
    }

    fn metadata(&self) -> &ObjectMeta {
        self
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        (Some(self), None)
    }

    fn is_whole(&self) -> bool {
        false
    }
}

impl MakesPods for Deployment {
    fn kind(&self) -> Kind {
        Kind::Deployment
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.as_ref()?.selector)
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        parts(self.spec.as_ref().map(|spec| &spec.template))
    }

    fn rollout(&self) -> Rollout {
        match self.spec.as_ref().and_then(|spec| spec.paused) {
            Some(true) => Rollout::Paused,
            _ => Rollout::Automatic,
        }
    }

    fn replicas(&self) -> Option<i32> {
        self.spec.as_ref()?.replicas
    }

    fn readiness(&self) -> Option<Readiness> {
        let status = self.status.as_ref()?;
        Some(Readiness {
            pods: status.replicas.unwrap_or_default(),
            ready: status.ready_replicas.unwrap_or_default(),
        })
    }

    fn conditions(&self) -> Vec<Condition> {
        conditions!(self.status)
    }
}

impl MakesPods for StatefulSet {
    fn kind(&self) -> Kind {
        Kind::StatefulSet
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.as_ref()?.selector)
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        parts(self.spec.as_ref().map(|spec| &spec.template))
    }

    fn rollout(&self) -> Rollout {
        let spec = self.spec.as_ref();
        let strategy = spec.and_then(|spec| spec.update_strategy.as_ref());
        by_strategy(strategy.and_then(|strategy| strategy.type_.as_ref()))
    }

    fn replicas(&self) -> Option<i32> {
        self.spec.as_ref()?.replicas
    }

    fn readiness(&self) -> Option<Readiness> {
        let status = self.status.as_ref()?;
        Some(Readiness {
            pods: status.replicas,
            ready: status.ready_replicas.unwrap_or_default(),
        })
    }

    fn conditions(&self) -> Vec<Condition> {
        conditions!(self.status)
    }
}

impl MakesPods for DaemonSet {
    fn kind(&self) -> Kind {
        Kind::DaemonSet
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.as_ref()?.selector)
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        parts(self.spec.as_ref().map(|spec| &spec.template))
    }

    fn rollout(&self) -> Rollout {
        let spec = self.spec.as_ref();
        let strategy = spec.and_then(|spec| spec.update_strategy.as_ref());
        by_strategy(strategy.and_then(|strategy| strategy.type_.as_ref()))
    }

    fn replicas(&self) -> Option<i32> {
        Some(self.status.as_ref()?.desired_number_scheduled)
    }

    fn readiness(&self) -> Option<Readiness> {
        let status = self.status.as_ref()?;
        Some(Readiness {
            pods: status.current_number_scheduled,
            ready: status.number_ready,
        })
    }

    fn conditions(&self) -> Vec<Condition> {
        conditions!(self.status)
    }
}

impl MakesPods for ReplicaSet {
    fn kind(&self) -> Kind {
        Kind::ReplicaSet
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.as_ref()?.selector)
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        parts(self.spec.as_ref().and_then(|spec| spec.template.as_ref()))
    }

    fn replicas(&self) -> Option<i32> {
        self.spec.as_ref()?.replicas
    }

    fn readiness(&self) -> Option<Readiness> {
        let status = self.status.as_ref()?;
        Some(Readiness {
            pods: status.replicas,
            ready: status.ready_replicas.unwrap_or_default(),
        })
    }

    fn conditions(&self) -> Vec<Condition> {
        conditions!(self.status)
    }
}

impl MakesPods for Job {
    fn kind(&self) -> Kind {
        Kind::Job
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn selector(&self) -> Option<&LabelSelector> {
        self.spec.as_ref()?.selector.as_ref()
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        parts(self.spec.as_ref().map(|spec| &spec.template))
    }

    fn replicas(&self) -> Option<i32> {
        let spec = self.spec.as_ref()?;
        match spec.suspend {
            Some(true) => Some(0),
            _ => spec.parallelism,
        }
    }

    fn readiness(&self) -> Option<Readiness> {
        let status = self.status.as_ref()?;
        let active = status.active.unwrap_or_default();
        let conditions = status.conditions.iter().flatten();
        let is_done = conditions
            .filter(|one| one.status == "True")
            .any(|one| matches!(one.type_.as_str(), "Complete" | "SuccessCriteriaMet"));
        // Beside pods that are at work, those that failed have been replaced.
        let failed = match active == 0 && !is_done {
            true => status.failed.unwrap_or_default(),
            false => 0,
        };
        Some(Readiness {
            pods: active + failed,
            ready: status.ready.unwrap_or_default(),
        })
    }

    fn conditions(&self) -> Vec<Condition> {
        conditions!(self.status)
    }
}

impl MakesPods for CronJob {
    fn kind(&self) -> Kind {
        Kind::CronJob
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn template(&self) -> (Option<&ObjectMeta>, Option<&PodSpec>) {
        let job = self.spec.as_ref().map(|spec| &spec.job_template);
        let job = job.and_then(|job| job.spec.as_ref());
        parts(job.map(|job| &job.template))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::Object;

    fn read<K: MakesPods + Object>(value: Value) -> Workload {
        serde_json::from_value::<K>(value).unwrap().workload()
    }

    #[test]
    fn every_kind_shows_its_template_and_how_many_pods_it_wants() {
        let template = json!({"metadata": {"labels": {"app": "x"}}, "spec": {"hostNetwork": true, "containers": []}});
        let spec = json!({"spec": {"replicas": 2, "selector": {}, "template": template}});
        let daemon = json!({"spec": {"selector": {}, "template": template}, "status": {"desiredNumberScheduled": 3}});
        let job = |suspend: bool| json!({"spec": {"parallelism": 4, "suspend": suspend, "template": template}});
        let cron = json!({"spec": {"jobTemplate": {"spec": {"template": template}}}});
        let pod = json!({"metadata": {"labels": {"app": "x"}}, "spec": {"hostNetwork": true, "containers": []}});
        let table = [
            (read::<Deployment>(spec.clone()), Some(2)),
            (read::<StatefulSet>(spec.clone()), Some(2)),
            (read::<ReplicaSet>(spec), Some(2)),
            (read::<DaemonSet>(daemon), Some(3)),
            (read::<Job>(job(false)), Some(4)),
            (read::<Job>(job(true)), Some(0)),
            (read::<CronJob>(cron), None),
            (read::<Pod>(pod), None),
        ];
        for (workload, replicas) in table {
            let kind = workload.kind;
            assert_eq!(workload.replicas, replicas, "{kind:?}");
            assert_eq!(workload.template.spec.host_network, Some(true), "{kind:?}");
            let labels = workload.template.metadata.labels.unwrap();
            assert_eq!(labels["app"], "x", "{kind:?}");
        }
    }

    #[test]
    fn what_keeps_a_change_from_the_pods_is_told() {
        let template = json!({});
        let strategy = |name: &str| json!({"spec": {"selector": {}, "updateStrategy": {"type": name}, "template": template}});
        let (on_delete, rolling) = (strategy("OnDelete"), strategy("RollingUpdate"));
        let paused = |paused: bool| json!({"spec": {"paused": paused, "selector": {}, "template": template}});
        let table = [
            (read::<Deployment>(paused(true)), Rollout::Paused),
            (read::<Deployment>(paused(false)), Rollout::Automatic),
            (read::<StatefulSet>(on_delete.clone()), Rollout::OnDelete),
            (read::<StatefulSet>(rolling.clone()), Rollout::Automatic),
            (read::<DaemonSet>(on_delete), Rollout::OnDelete),
            (read::<DaemonSet>(rolling), Rollout::Automatic),
        ];
        for (workload, rollout) in table {
            assert_eq!(workload.rollout, rollout, "{:?}", workload.kind);
        }
    }

    #[test]
    fn the_status_tells_how_many_pods_are_ready() {
        let of =
            |status: Value| json!({"spec": {"selector": {}, "template": {}}, "status": status});
        let replicas = of(json!({"replicas": 3, "readyReplicas": 2}));
        let daemon =
            of(json!({"currentNumberScheduled": 3, "numberReady": 2, "desiredNumberScheduled": 4}));
        let pod = |phase: &str, ready: &str| {
            let conditions = [json!({"type": "Ready", "status": ready})];
            read::<Pod>(json!({"status": {"phase": phase, "conditions": conditions}}))
        };
        let table = [
            (read::<Deployment>(replicas.clone()), Some((3, 2))),
            (read::<StatefulSet>(replicas.clone()), Some((3, 2))),
            (read::<ReplicaSet>(replicas), Some((3, 2))),
            (read::<DaemonSet>(daemon), Some((3, 2))),
            (read::<Deployment>(of(json!({"replicas": 1}))), Some((1, 0))),
            (pod("Running", "True"), Some((1, 1))),
            (pod("Pending", "False"), Some((1, 0))),
            (pod("Succeeded", "False"), None),
            (pod("Failed", "False"), Some((1, 0))),
            (
                read::<Pod>(json!({"status": {"phase": "Failed", "reason": "Evicted"}})),
                None,
            ),
            (
                read::<Job>(of(json!({"active": 2, "ready": 1, "failed": 1}))),
                Some((2, 1)),
            ),
            (read::<Job>(of(json!({"failed": 3}))), Some((3, 0))),
            (
                read::<Job>(of(json!({"failed": 3, "conditions": [
                    {"type": "Complete", "status": "True"}]}))),
                Some((0, 0)),
            ),
        ];
        for (workload, expected) in table {
            let readiness = workload.readiness.map(|one| (one.pods, one.ready));
            assert_eq!(readiness, expected, "{:?}", workload.kind);
        }
    }

    #[test]
    fn conditions_keep_the_words_of_a_rejection() {
        let set: Workload = read::<ReplicaSet>(json!({"status": {"replicas": 0, "conditions": [
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "denied"}]}}));
        assert_eq!(set.conditions.len(), 1);
        assert_eq!(set.conditions[0].message, "denied");
    }
}
