//! The pod as the API server hands it to matchConditions: with its defaults, and with what the
//! admission plugins add that run before webhooks.
//!
//! Sources: Kubernetes 1.36, `pkg/apis/core/v1/defaults.go`; `plugin/pkg/admission/{serviceaccount,
//! defaulttolerationseconds,priority}`.

use k8s_openapi::api::core::v1::{
    Container, PodSecurityContext, PodSpec, ResourceRequirements, Toleration,
};
use serde_json::{Value, json};

use super::JudgedPod;
use super::selector::Labels;

/// The pod with these labels as a JSON value. What depends on objects that are not read (volumes of service account
/// tokens, priority classes, limit ranges) is not in it.
pub fn as_admitted(pod: &JudgedPod, labels: &Labels) -> Value {
    let mut metadata = json!({ "namespace": pod.namespace });
    if let Some(fields) = metadata.as_object_mut() {
        for (field, name) in [("name", &pod.name), ("generateName", &pod.generate_name)] {
            if let Some(name) = name {
                fields.insert(field.to_owned(), json!(name));
            }
        }
        for (field, map) in [("labels", labels), ("annotations", &pod.annotations)] {
            if !map.is_empty() {
                fields.insert(field.to_owned(), json!(map));
            }
        }
    }
    let spec = defaulted(pod.spec.clone());
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {} })
}

fn defaulted(mut spec: PodSpec) -> PodSpec {
    let containers = spec.containers.iter_mut();
    for container in containers.chain(spec.init_containers.iter_mut().flatten()) {
        default_container(container);
    }
    let or = |field: &mut Option<String>, value: &str| {
        field.get_or_insert_with(|| value.to_owned());
    };
    or(&mut spec.restart_policy, "Always");
    or(&mut spec.dns_policy, "ClusterFirst");
    or(&mut spec.scheduler_name, "default-scheduler");
    or(&mut spec.service_account_name, "default");
    spec.service_account.clone_from(&spec.service_account_name);
    spec.termination_grace_period_seconds.get_or_insert(30);
    spec.enable_service_links.get_or_insert(true);
    spec.security_context
        .get_or_insert_with(PodSecurityContext::default);
    if spec.priority_class_name.is_none() {
        spec.priority.get_or_insert(0);
        or(&mut spec.preemption_policy, "PreemptLowerPriority");
    }
    let tolerations = spec.tolerations.get_or_insert_default();
    for condition in ["not-ready", "unreachable"] {
        let key = format!("node.kubernetes.io/{condition}");
        let tolerates = |toleration: &Toleration| {
            toleration.key.as_ref().is_none_or(|one| *one == key)
                && matches!(toleration.effect.as_deref(), None | Some("NoExecute"))
        };
        if !tolerations.iter().any(tolerates) {
            tolerations.push(Toleration {
                effect: Some("NoExecute".to_owned()),
                key: Some(key),
                operator: Some("Exists".to_owned()),
                toleration_seconds: Some(300),
                value: None,
            });
        }
    }
    spec
}

fn default_container(container: &mut Container) {
    let is_latest = container.image.as_deref().is_none_or(|image| {
        let name = image.rsplit('/').next().unwrap_or(image);
        !image.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
    });
    let pull = if is_latest { "Always" } else { "IfNotPresent" };
    container
        .image_pull_policy
        .get_or_insert_with(|| pull.to_owned());
    container
        .termination_message_path
        .get_or_insert_with(|| "/dev/termination-log".to_owned());
    container
        .termination_message_policy
        .get_or_insert_with(|| "File".to_owned());
    container
        .resources
        .get_or_insert_with(ResourceRequirements::default);
    for port in container.ports.iter_mut().flatten() {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
    }
}
