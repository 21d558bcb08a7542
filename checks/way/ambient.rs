//! The ambient data plane, in which ztunnel on the node does the sidecar's work.
//!
//! Sources: Istio 1.31, `cni/pkg/util/podutil.go` (the annotation), `manifests/charts/ztunnel/templates/daemonset.yaml`,
//! `manifests/charts/istio-control/istio-discovery/files/kube-gateway.yaml` and `waypoint.yaml`.

use std::fmt;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::injector::environment;
use super::namespace::namespace_labels;
use super::{Case, names};
use crate::facts::Missing;

/// Whose label asks for the ambient data plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmbientBy {
    /// The pod's.
    Pod,
    /// The namespace's.
    Namespace,
}

impl fmt::Display for AmbientBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pod => "pod",
            Self::Namespace => "namespace",
        })
    }
}

/// Whose label asks for the ambient data plane; none where nobody's does. The pod's label wins over the namespace's.
///
/// # Errors
/// [`Missing`] where the pod or its namespace was not read.
pub fn asks_for_ambient(case: &Case) -> Result<Option<AmbientBy>, Missing> {
    let pod = case.pod()?;
    let namespace = namespace_labels(case)?;
    let mode = |by, value: Option<&String>| value.map(|value| (by, value == "ambient"));
    let by_pod = mode(AmbientBy::Pod, pod.labels.get(names::DATAPLANE_MODE));
    let by_namespace = || {
        let label = namespace.get(names::DATAPLANE_MODE);
        mode(AmbientBy::Namespace, label)
    };
    let asked = by_pod.or_else(by_namespace);
    Ok(asked.filter(|(_, asks)| *asks).map(|(by, _)| by))
}

/// Whether Istio's CNI plugin says of a pod that its traffic goes to ztunnel.
pub fn is_redirected(pod: &ObjectMeta) -> bool {
    let annotations = pod.annotations.as_ref();
    let value = annotations.and_then(|all| all.get(names::REDIRECTION));
    value.is_some_and(|value| value == "enabled")
}

/// The revision of the istiod that has made a pod as a gateway or a waypoint, of which it is a proxy as an injected one is.
pub fn gateway_of(pod: &ObjectMeta) -> Option<&String> {
    pod.labels.as_ref()?.get(names::GATEWAY)?;
    let annotations = pod.annotations.as_ref()?;
    annotations
        .get(names::ISTIO_REV)
        .filter(|_| !annotations.contains_key(names::STATUS))
}

/// The container in which ztunnel runs.
pub fn ztunnel(pod: &PodSpec) -> Option<&Container> {
    pod.containers.iter().find(|container| {
        let arguments = container.args.iter().flatten();
        arguments.eq(["proxy", "ztunnel"])
    })
}

/// Whether an istiod serves ztunnels.
pub fn serves_ambient(istiod: &Container) -> bool {
    environment(istiod, "PILOT_ENABLE_AMBIENT") == Some("true")
}

/// The Service of the istiod that a ztunnel asks for its configuration, as namespace and name; none where its address is
/// no Service's.
pub fn istiod_of_ztunnel(ztunnel: &Container) -> Option<(&str, &str)> {
    let (host, _) = environment(ztunnel, "XDS_ADDRESS")?.rsplit_once(':')?;
    let mut labels = host.split('.');
    let (name, namespace) = (labels.next()?, labels.next()?);
    (labels.next() == Some("svc")).then_some((namespace, name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_ztunnel_names_the_service_of_its_istiod() {
        for (address, expected) in [
            (
                "istiod.istio-system.svc:15012",
                Some(("istio-system", "istiod")),
            ),
            (
                "istiod-canary.mesh.svc.cluster.local:15012",
                Some(("mesh", "istiod-canary")),
            ),
            ("istiod.example.com:15012", None),
            ("192.0.2.1:15012", None),
            ("istiod", None),
        ] {
            let container =
                json!({"name": "istio-proxy", "env": [{"name": "XDS_ADDRESS", "value": address}]});
            let container: Container = serde_json::from_value(container).unwrap();
            assert_eq!(istiod_of_ztunnel(&container), expected, "{address}");
        }
    }

    #[test]
    fn a_gateway_is_told_by_two_marks_and_no_sidecar_is_one() {
        let (label, rev, status) = (names::GATEWAY, names::ISTIO_REV, names::STATUS);
        let table: [(Value, Value, bool); 4] = [
            (json!({label: "public"}), json!({rev: "canary"}), true),
            (json!({}), json!({rev: "canary"}), false),
            (json!({label: "public"}), json!({}), false),
            (
                json!({label: "public"}),
                json!({rev: "canary", status: "{}"}),
                false,
            ),
        ];
        for (labels, annotations, expected) in table {
            let pod = json!({"labels": labels, "annotations": annotations});
            let pod: ObjectMeta = serde_json::from_value(pod).unwrap();
            assert_eq!(
                gateway_of(&pod).is_some(),
                expected,
                "{labels} {annotations}"
            );
        }
    }
}
