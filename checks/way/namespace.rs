//! The target's namespace.

use k8s_openapi::api::core::v1::Namespace;

use super::Case;
use super::selector::Labels;
use crate::facts::Missing;

/// The labels of the target's namespace.
///
/// # Errors
/// [`Missing`] where the namespace was not read.
pub fn namespace_labels(case: &Case) -> Result<Labels, Missing> {
    let namespace = case.namespace()?;
    Ok(namespace
        .and_then(|namespace| namespace.metadata.labels.clone())
        .unwrap_or_default())
}

/// Whether a namespace is being deleted: the API server refuses new objects in it before it calls any webhook. It decides by
/// the phase, which is Terminating as soon as this time is set, and as long.
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go`, and
/// `ValidateNamespaceStatusUpdate` in `pkg/apis/core/validation/validation.go`.
pub fn is_terminating(namespace: &Namespace) -> bool {
    namespace.metadata.deletion_timestamp.is_some()
}
