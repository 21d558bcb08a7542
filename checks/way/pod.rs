//! The pod that the API server will see next.

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::selector::Labels;
use crate::facts::{Kind, Workload};
use crate::way::Case;

/// The owner's pod template with what controllers add to it. Living pods are no substitute: their
/// labels can have been edited since, and a rejected pod does not exist.
#[derive(Clone, Debug)]
pub struct JudgedPod {
    /// Its namespace.
    pub namespace: String,
    /// Its labels, those that controllers add included.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: Labels,
    /// Its spec.
    pub spec: PodSpec,
    /// Its name, where it is known before creation.
    pub name: Option<String>,
    /// What the API server makes a name of.
    pub generate_name: Option<String>,
}

/// What a controller writes where only the new pod will tell.
const UNTOLD: &str = "set-by-controller";

/// Labels that controllers add to the pods they make, over those of the template.
/// Source: Kubernetes 1.36, `pkg/controller/{deployment,statefulset,daemon,job}`.
fn controller_labels(workload: &Workload) -> Vec<(&'static str, String)> {
    let untold = |keys: &[&'static str]| {
        let labels = keys.iter().map(|key| (*key, UNTOLD.to_owned()));
        labels.collect::<Vec<_>>()
    };
    match workload.kind {
        Kind::Deployment => untold(&["pod-template-hash"]),
        Kind::StatefulSet => untold(&[
            "apps.kubernetes.io/pod-index",
            "controller-revision-hash",
            "statefulset.kubernetes.io/pod-name",
        ]),
        Kind::DaemonSet => untold(&["controller-revision-hash", "pod-template-generation"]),
        Kind::Job | Kind::CronJob => {
            let mut labels = untold(&["batch.kubernetes.io/controller-uid", "controller-uid"]);
            // A CronJob appends the time to its name.
            let name = workload.metadata.name.clone();
            let job = name.filter(|_| workload.kind == Kind::Job);
            let job = job.unwrap_or_else(|| UNTOLD.to_owned());
            labels.push(("batch.kubernetes.io/job-name", job.clone()));
            labels.push(("job-name", job));
            labels
        }
        Kind::Pod | Kind::ReplicaSet | Kind::MutatingWebhookConfiguration => Vec::new(),
    }
}

/// The `name` and the `generateName` of the next pod.
/// Source: Kubernetes 1.36, `pkg/controller/controller_utils.go` (`GetPodFromTemplate`).
fn names(workload: &Workload) -> (Option<String>, Option<String>) {
    let metadata = &workload.metadata;
    let name = metadata.name.as_deref().unwrap_or_default();
    let prefix = Some(format!("{name}-"));
    if workload.custom.is_some() {
        return (None, Some(format!("{name}-{UNTOLD}-")));
    }
    match workload.kind {
        Kind::Pod => (metadata.name.clone(), metadata.generate_name.clone()),
        Kind::StatefulSet => (Some(format!("{name}-0")), prefix),
        Kind::ReplicaSet | Kind::DaemonSet | Kind::Job => (None, prefix),
        // By way of a ReplicaSet or a Job, whose name ends in what only it will tell.
        Kind::Deployment | Kind::CronJob => (None, Some(format!("{name}-{UNTOLD}-"))),
        Kind::MutatingWebhookConfiguration => (None, None),
    }
}

impl JudgedPod {
    /// The next pod of a workload.
    pub fn of(workload: &Workload, case: &Case) -> Self {
        let ObjectMeta {
            labels,
            annotations,
            ..
        } = workload.template.metadata.clone();
        let mut labels = labels.unwrap_or_default();
        for (key, value) in controller_labels(workload) {
            labels.insert(key.to_owned(), value);
        }
        let (name, generate_name) = names(workload);
        Self {
            namespace: case.target().namespace.clone(),
            labels,
            annotations: annotations.unwrap_or_default(),
            spec: workload.template.spec.clone(),
            name,
            generate_name,
        }
    }
}
