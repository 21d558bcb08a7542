//! Kubernetes' own types as the one shape that the checks read.

use injdoctor_checks::facts::{Condition, Kind, Rollout, Template, Workload};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::Selector;

use super::reader::Readable;

/// A kind that is a pod or makes pods.
pub trait MakesPods: Readable {
    /// Its kind.
    const KIND: Kind;

    /// What it is to the checks.
    fn into_workload(self) -> Workload;

    /// The pod, if it is one.
    fn as_pod(&self) -> Option<&Pod> {
        None
    }

    /// The selector of its pods, if it has one.
    fn selector(&self) -> Option<&LabelSelector> {
        None
    }
}

/// Calls a generic function with the type of a kind of target, or gives `$other` for other kinds.
macro_rules! for_kind {
    ($kind:expr, $function:ident($($argument:expr),*), $other:expr) => {
        match $kind {
            Kind::Pod => $function::<k8s_openapi::api::core::v1::Pod>($($argument),*),
            Kind::Deployment => $function::<k8s_openapi::api::apps::v1::Deployment>($($argument),*),
            Kind::StatefulSet => $function::<k8s_openapi::api::apps::v1::StatefulSet>($($argument),*),
            Kind::DaemonSet => $function::<k8s_openapi::api::apps::v1::DaemonSet>($($argument),*),
            Kind::ReplicaSet => $function::<k8s_openapi::api::apps::v1::ReplicaSet>($($argument),*),
            Kind::Job => $function::<k8s_openapi::api::batch::v1::Job>($($argument),*),
            Kind::CronJob => $function::<k8s_openapi::api::batch::v1::CronJob>($($argument),*),
            Kind::MutatingWebhookConfiguration => $other,
        }
    };
}
pub(crate) use for_kind;

/// A selector as a list request takes it. `None` where it would select everything.
pub fn selector_text(selector: Option<&LabelSelector>) -> Option<String> {
    let selector = Selector::try_from(selector?.clone()).ok()?.to_string();
    (!selector.is_empty()).then_some(selector)
}

fn template(spec: PodTemplateSpec) -> Template {
    Template {
        metadata: spec.metadata.unwrap_or_default(),
        spec: spec.spec.unwrap_or_default(),
    }
}

fn rollout(update_strategy: Option<String>) -> Rollout {
    match update_strategy.as_deref() {
        Some("OnDelete") => Rollout::OnDelete,
        _ => Rollout::Automatic,
    }
}

/// The kinds whose status has conditions differ in nothing but the conditions' type.
macro_rules! conditions {
    ($status:expr) => {
        $status
            .as_ref()
            .and_then(|status| status.conditions.as_ref())
            .into_iter()
            .flatten()
            .map(|condition| Condition {
                type_: condition.type_.clone(),
                status: condition.status.clone(),
                reason: condition.reason.clone().unwrap_or_default(),
                message: condition.message.clone().unwrap_or_default(),
            })
            .collect()
    };
}

impl MakesPods for Pod {
    const KIND: Kind = Kind::Pod;

    fn into_workload(self) -> Workload {
        Workload::of_pod(self)
    }

    fn as_pod(&self) -> Option<&Pod> {
        Some(self)
    }
}

impl MakesPods for Deployment {
    const KIND: Kind = Kind::Deployment;

    fn into_workload(self) -> Workload {
        let spec = self.spec.unwrap_or_default();
        Workload {
            kind: Self::KIND,
            metadata: self.metadata,
            rollout: match spec.paused {
                Some(true) => Rollout::Paused,
                _ => Rollout::Automatic,
            },
            replicas: spec.replicas,
            template: template(spec.template),
            conditions: conditions!(self.status),
        }
    }

    fn selector(&self) -> Option<&LabelSelector> {
        self.spec.as_ref().map(|spec| &spec.selector)
    }
}

impl MakesPods for StatefulSet {
    const KIND: Kind = Kind::StatefulSet;

    fn into_workload(self) -> Workload {
        let spec = self.spec.unwrap_or_default();
        Workload {
            kind: Self::KIND,
            metadata: self.metadata,
            rollout: rollout(spec.update_strategy.and_then(|strategy| strategy.type_)),
            replicas: spec.replicas,
            template: template(spec.template),
            conditions: conditions!(self.status),
        }
    }

    fn selector(&self) -> Option<&LabelSelector> {
        self.spec.as_ref().map(|spec| &spec.selector)
    }
}

impl MakesPods for DaemonSet {
    const KIND: Kind = Kind::DaemonSet;

    fn into_workload(self) -> Workload {
        let spec = self.spec.unwrap_or_default();
        Workload {
            kind: Self::KIND,
            metadata: self.metadata,
            rollout: rollout(spec.update_strategy.and_then(|strategy| strategy.type_)),
            replicas: self
                .status
                .as_ref()
                .map(|status| status.desired_number_scheduled),
            template: template(spec.template),
            conditions: conditions!(self.status),
        }
    }

    fn selector(&self) -> Option<&LabelSelector> {
        self.spec.as_ref().map(|spec| &spec.selector)
    }
}

impl MakesPods for ReplicaSet {
    const KIND: Kind = Kind::ReplicaSet;

    fn into_workload(self) -> Workload {
        let spec = self.spec.unwrap_or_default();
        Workload {
            kind: Self::KIND,
            metadata: self.metadata,
            rollout: Rollout::Automatic,
            replicas: spec.replicas,
            template: template(spec.template.unwrap_or_default()),
            conditions: conditions!(self.status),
        }
    }

    fn selector(&self) -> Option<&LabelSelector> {
        self.spec.as_ref().map(|spec| &spec.selector)
    }
}

impl MakesPods for Job {
    const KIND: Kind = Kind::Job;

    fn into_workload(self) -> Workload {
        let spec = self.spec.unwrap_or_default();
        Workload {
            kind: Self::KIND,
            metadata: self.metadata,
            rollout: Rollout::Automatic,
            replicas: if spec.suspend == Some(true) {
                Some(0)
            } else {
                spec.parallelism
            },
            template: template(spec.template),
            conditions: conditions!(self.status),
        }
    }

    fn selector(&self) -> Option<&LabelSelector> {
        self.spec.as_ref().and_then(|spec| spec.selector.as_ref())
    }
}

impl MakesPods for CronJob {
    const KIND: Kind = Kind::CronJob;

    fn into_workload(self) -> Workload {
        let job = self
            .spec
            .unwrap_or_default()
            .job_template
            .spec
            .unwrap_or_default();
        Workload {
            kind: Self::KIND,
            metadata: self.metadata,
            rollout: Rollout::Automatic,
            replicas: None,
            template: template(job.template),
            conditions: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<K: MakesPods>(value: serde_json::Value) -> Workload {
        serde_json::from_value::<K>(value).unwrap().into_workload()
    }

    #[test]
    fn every_kind_shows_its_template_and_how_many_pods_it_wants() {
        let template = json!({"metadata": {"labels": {"app": "x"}}, "spec": {"hostNetwork": true, "containers": []}});
        let spec = json!({"spec": {"replicas": 2, "template": template}});
        let table = [
            (read::<Deployment>(spec.clone()), Some(2)),
            (read::<StatefulSet>(spec.clone()), Some(2)),
            (read::<ReplicaSet>(spec), Some(2)),
            (
                read::<DaemonSet>(
                    json!({"spec": {"template": template}, "status": {"desiredNumberScheduled": 3}}),
                ),
                Some(3),
            ),
            (
                read::<Job>(json!({"spec": {"parallelism": 4, "template": template}})),
                Some(4),
            ),
            (
                read::<Job>(
                    json!({"spec": {"parallelism": 4, "suspend": true, "template": template}}),
                ),
                Some(0),
            ),
            (
                read::<CronJob>(json!({"spec": {"jobTemplate": {"spec": {"template": template}}}})),
                None,
            ),
            (
                read::<Pod>(
                    json!({"metadata": {"labels": {"app": "x"}}, "spec": {"hostNetwork": true, "containers": []}}),
                ),
                None,
            ),
        ];
        for (workload, replicas) in table {
            assert_eq!(workload.replicas, replicas, "{:?}", workload.kind);
            assert_eq!(
                workload.template.spec.host_network,
                Some(true),
                "{:?}",
                workload.kind
            );
            assert_eq!(
                workload.template.metadata.labels.unwrap()["app"],
                "x",
                "{:?}",
                workload.kind
            );
        }
    }

    #[test]
    fn what_keeps_a_change_from_the_pods_is_told() {
        let on_delete = json!({"spec": {"updateStrategy": {"type": "OnDelete"}, "template": {}}});
        let rolling =
            json!({"spec": {"updateStrategy": {"type": "RollingUpdate"}, "template": {}}});
        let paused = |paused: bool| json!({"spec": {"paused": paused, "template": {}}});
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
    fn conditions_keep_the_words_of_a_rejection() {
        let set: Workload = read::<ReplicaSet>(json!({"status": {"replicas": 0, "conditions": [
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "denied"}]}}));
        assert_eq!(set.conditions.len(), 1);
        assert_eq!(set.conditions[0].message, "denied");
    }

    #[test]
    fn selectors_are_written_as_a_list_request_takes_them() {
        let selector: LabelSelector = serde_json::from_value(json!({
            "matchLabels": {"app": "x"},
            "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a", "b"]}, {"key": "k", "operator": "Exists"}],
        }))
        .unwrap();
        let text = selector_text(Some(&selector)).unwrap();
        for part in ["app=x", "tier notin (a,b)", "k"] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(selector_text(Some(&LabelSelector::default())), None);
        assert_eq!(selector_text(None), None);
    }
}
