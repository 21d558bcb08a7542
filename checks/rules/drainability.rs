//! Which pods keep the cluster autoscaler from removing their node for the volumes that they have.
//!
//! The rules are asked one after the other, and the first that decides counts. That of local storage comes after all that
//! are looked at here.
//!
//! Source: Cluster Autoscaler 1.37, `cluster-autoscaler/simulator/drainability/rules/rules.go` and, beside it,
//! `localstorage/rule.go`; `cluster-autoscaler/utils/drain/drain.go` (`HasBlockingLocalStorage`), which has been the same since
//! 1.27. `kubernetes-sigs/cluster-autoscaler`, to which both were moved, has them below `pkg`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Volume;

use crate::facts::kinds::Pod;
use crate::facts::ownership::controller;

/// The annotation that says whether a pod may be evicted.
pub const SAFE: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// The annotation that names the local volumes that do not count.
pub const SAFE_VOLUMES: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";
/// The annotation by which a pod counts as one of a DaemonSet.
/// Source: Cluster Autoscaler 1.37, `cluster-autoscaler/utils/pod/pod.go` (`IsDaemonSetPod`).
pub const LIKE_DAEMON_SET: &str = "cluster-autoscaler.kubernetes.io/daemonset-pod";

/// The annotations that decide here.
pub const ANNOTATIONS: [&str; 3] = [SAFE, SAFE_VOLUMES, LIKE_DAEMON_SET];

/// The kinds of controllers whose pods count as replicated; those of others keep their node for that reason.
/// Source: Cluster Autoscaler 1.37, `rules/replicated/rule.go`.
const REPLICATED: [&str; 4] = ["ReplicationController", "Job", "ReplicaSet", "StatefulSet"];

/// Pods in this namespace keep their node for an hour, and then no longer.
/// Source: Cluster Autoscaler 1.37, `rules/system/rule.go`.
const SYSTEM: &str = "kube-system";

/// The annotations of a pod.
pub type Annotations = BTreeMap<String, String>;

/// The volumes for which a pod with these annotations keeps its node: those on the node's disk that are not named as safe.
/// Names count as they stand between the commas, with blanks.
pub fn blocking<'v>(volumes: &'v [Volume], annotations: &Annotations) -> Vec<&'v Volume> {
    let named = annotations.get(SAFE_VOLUMES).map_or("", String::as_str);
    let is_named = |volume: &Volume| named.split(',').any(|one| one == volume.name);
    let local = volumes.iter().filter(|volume| is_local(volume));
    local.filter(|volume| !is_named(volume)).collect()
}

fn is_local(volume: &Volume) -> bool {
    let empty = volume.empty_dir.as_ref();
    let is_on_disk = empty.is_some_and(|dir| dir.medium.as_deref() != Some("Memory"));
    volume.host_path.is_some() || is_on_disk
}

/// Whether the autoscaler looks at the volumes of a pod: that it is of a DaemonSet, is over, or is not replicated decides
/// before. One that is being deleted keeps its node for no more than a moment.
pub fn depends_on_volumes(pod: &Pod) -> bool {
    let metadata = &pod.metadata;
    let phase = pod.status.as_ref().and_then(|one| one.phase.as_deref());
    let is_over = matches!(phase, Some("Succeeded" | "Failed"));
    let is_replicated =
        controller(metadata).is_some_and(|owner| REPLICATED.contains(&owner.written.0));
    metadata.deletion_timestamp.is_none()
        && !is_over
        && is_replicated
        && metadata.namespace.as_deref() != Some(SYSTEM)
        && !metadata.annotations.as_ref().is_some_and(decide)
}

/// Whether annotations decide, whatever volumes the pod has.
pub fn decide(annotations: &Annotations) -> bool {
    let value = |name: &str| annotations.get(name).map(String::as_str);
    matches!(value(SAFE), Some("true" | "false" | "on-completion"))
        || value(LIKE_DAEMON_SET) == Some("true")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Each of them judged by the autoscaler's own rules, too.
    #[test]
    fn volumes_on_the_disk_of_the_node_count() {
        let annotated =
            |named: &str| Annotations::from([(SAFE_VOLUMES.to_owned(), named.to_owned())]);
        let two = json!([{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]);
        for (volumes, named, expected) in [
            (json!([]), "", &[][..]),
            (json!([{"name": "a", "emptyDir": {}}]), "", &["a"]),
            (
                json!([{"name": "a", "emptyDir": {"medium": ""}}]),
                "",
                &["a"],
            ),
            (
                json!([{"name": "a", "emptyDir": {"medium": "HugePages"}}]),
                "",
                &["a"],
            ),
            (
                json!([{"name": "a", "emptyDir": {"medium": "Memory"}}]),
                "",
                &[],
            ),
            (
                json!([{"name": "a", "hostPath": {"path": "/a"}}]),
                "",
                &["a"],
            ),
            (json!([{"name": "a", "configMap": {"name": "a"}}]), "", &[]),
            (
                json!([{"name": "a", "persistentVolumeClaim": {"claimName": "a"}}]),
                "",
                &[],
            ),
            (two.clone(), "a", &["b"]),
            (two.clone(), "a,b", &[]),
            (two.clone(), "a, b", &["b"]),
            (two, "*", &["a", "b"]),
        ] {
            let volumes: Vec<Volume> = serde_json::from_value(volumes).unwrap();
            let found = blocking(&volumes, &annotated(named)).into_iter();
            let found: Vec<&str> = found.map(|volume| volume.name.as_str()).collect();
            assert_eq!(found, expected, "{volumes:?} {named}");
        }
    }

    /// Each of them judged by the autoscaler's own rules, too.
    #[test]
    fn other_rules_come_before_that_of_volumes() {
        let owned = |kind: &str| json!([{"apiVersion": "a/v1", "kind": kind, "name": "a", "uid": "a", "controller": true}]);
        let annotated = |name: &str, value: &str| json!({"annotations": {name: value}});
        let cases: [(Value, &str, bool); 16] = [
            (json!({}), "Running", true),
            (json!({}), "Pending", true),
            (json!({}), "Succeeded", false),
            (json!({}), "Failed", false),
            (
                json!({"ownerReferences": owned("StatefulSet")}),
                "Running",
                true,
            ),
            (json!({"ownerReferences": owned("Job")}), "Running", true),
            (
                json!({"ownerReferences": owned("DaemonSet")}),
                "Running",
                false,
            ),
            (
                json!({"ownerReferences": owned("CloneSet")}),
                "Running",
                false,
            ),
            (json!({"ownerReferences": null}), "Running", false),
            (json!({"namespace": "kube-system"}), "Running", false),
            (
                json!({"deletionTimestamp": "2026-01-01T00:00:00Z"}),
                "Running",
                false,
            ),
            (annotated(SAFE, "true"), "Running", false),
            (annotated(SAFE, "false"), "Running", false),
            (annotated(SAFE, "on-completion"), "Running", false),
            (annotated(SAFE, "yes"), "Running", true),
            (annotated(LIKE_DAEMON_SET, "true"), "Running", false),
        ];
        for (change, phase, expected) in cases {
            let mut metadata = json!({"namespace": "shop", "ownerReferences": owned("ReplicaSet")});
            json_patch::merge(&mut metadata, &change);
            let pod = json!({"metadata": metadata, "status": {"phase": phase}});
            let pod: Pod = serde_json::from_value(pod).unwrap();
            assert_eq!(depends_on_volumes(&pod), expected, "{change} {phase}");
        }
    }
}
