//! The ground truth: what the API server itself says about a pod that is to be created.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::api::{Api, ApiError};
use crate::json::{set, text};

/// What istiod leaves on every pod that it injects.
const STATUS_ANNOTATION: &str = "/metadata/annotations/sidecar.istio.io~1status";

/// What `kubectl apply` leaves on every object: the object as it was given.
const APPLIED_ANNOTATION: &str =
    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It gets the sidecar.
    Injected {
        /// The revision that injected it.
        revision: String,
    },
    /// It is created as it is.
    NotInjected,
    /// It is not created.
    Rejected {
        /// What the API server says about it.
        message: String,
    },
}

impl Outcome {
    /// Its name in a diagnosis.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Injected { .. } => "Injected",
            Self::NotInjected => "NotInjected",
            Self::Rejected { .. } => "Rejected",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Injected { revision } => write!(f, "Injected by revision {revision}"),
            Self::NotInjected => write!(f, "NotInjected"),
            Self::Rejected { message } => write!(f, "Rejected: {message}"),
        }
    }
}

/// Sends the pod as `kubectl create --dry-run=server` does.
pub fn dry_run(api: Api, pod: &Value) -> Result<Outcome> {
    let path = format!(
        "/api/v1/namespaces/{}/pods?dryRun=All",
        text(pod, "/metadata/namespace")
    );
    let created = match api.create(&path, pod) {
        Ok(created) => created,
        Err(ApiError::Status { message, .. }) => return Ok(Outcome::Rejected { message }),
        Err(error) => return Err(error.into()),
    };
    // A template that was copied from a live pod brings the annotation along.
    let status = text(&created, STATUS_ANNOTATION);
    if status == text(pod, STATUS_ANNOTATION) {
        return Ok(Outcome::NotInjected);
    }
    let status: Value =
        serde_json::from_str(status).context("sidecar.istio.io/status is not JSON")?;
    Ok(Outcome::Injected {
        revision: text(&status, "/revision").to_owned(),
    })
}

/// The next pod that the controller of this workload creates. For a bare pod: the same pod again, as it was applied if
/// that is known.
pub fn pod_of(workload: &Value) -> Result<Value> {
    let name = text(workload, "/metadata/name");
    let kind = text(workload, "/kind");
    let applied: Value;
    let template = match kind {
        "Pod" => {
            let manifest = text(workload, APPLIED_ANNOTATION);
            applied = serde_json::from_str(manifest).unwrap_or_else(|_| workload.clone());
            Some(&applied)
        }
        "CronJob" => workload.pointer("/spec/jobTemplate/spec/template"),
        _ => workload.pointer("/spec/template"),
    };
    let template = template.with_context(|| format!("a {kind} has no pod template"))?;
    let job = |name: String| json!({"job-name": name, "batch.kubernetes.io/job-name": name});
    let added = match kind {
        "Deployment" => json!({"pod-template-hash": "5d4f8c7b96"}),
        "StatefulSet" => json!({
            "apps.kubernetes.io/pod-index": "0",
            "statefulset.kubernetes.io/pod-name": format!("{name}-0"),
            "controller-revision-hash": format!("{name}-5d4f8c7b96"),
        }),
        "DaemonSet" => json!({
            "controller-revision-hash": "5d4f8c7b96",
            "pod-template-generation": "1",
        }),
        "Job" => job(name.to_owned()),
        // It appends the minute.
        "CronJob" => job(format!("{name}-29876543")),
        _ => json!({}),
    };
    let mut labels = template
        .pointer("/metadata/labels")
        .cloned()
        .unwrap_or_else(|| json!({}));
    for (key, value) in added.as_object().into_iter().flatten() {
        set(&mut labels, "", key, value.clone());
    }
    // One that does not exist yet.
    let own_name = (kind == "StatefulSet").then(|| format!("{name}-99"));
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": own_name,
            "generateName": format!("{name}-"),
            "namespace": text(workload, "/metadata/namespace"),
            "labels": labels,
            "annotations": template.pointer("/metadata/annotations"),
            "ownerReferences": owner(workload),
        },
        "spec": template.get("spec"),
    }))
}

/// What owns the pod, from which istiod takes the workload's name.
fn owner(workload: &Value) -> Option<Value> {
    let name = text(workload, "/metadata/name");
    let (kind, name) = match text(workload, "/kind") {
        "Pod" => return None,
        "Deployment" => ("ReplicaSet", format!("{name}-5d4f8c7b96")),
        "CronJob" => ("Job", format!("{name}-29876543")),
        kind => (kind, name.to_owned()),
    };
    let version = text(workload, "/apiVersion");
    let reference = json!({
        "apiVersion": version,
        "kind": kind,
        "name": name,
        "uid": "00000000-0000-0000-0000-000000000000",
        "controller": true,
    });
    Some(json!([reference]))
}
