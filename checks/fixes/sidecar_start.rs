//! When the sidecar starts beside the application.

use super::patch_template;
use crate::facts::Missing;
use crate::report::{Field, Fix};
use crate::way::rendered::kubernetes_minor;
use crate::way::{Case, names};

/// Makes the sidecar a native one, which is ready before the application starts and ends after it; none where the
/// cluster does not know native sidecars (Kubernetes 1.29), or its version is not known.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn sidecar_first(case: &Case) -> Result<Option<Fix>, Missing> {
    let minor = case.server_version().and_then(kubernetes_minor);
    if minor.is_none_or(|minor| minor < 29) {
        return Ok(None);
    }
    let native = (Field::Annotations, names::NATIVE, Some("true"));
    let effect = "the sidecar is ready before the other containers start, and ends after them";
    patch_template(case, "make the sidecar a native one", &[native], effect).map(Some)
}

/// Lets the containers of a pod wait for their classic sidecar; none where the pod has settings of its proxy already,
/// into which this one has to be written.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn wait_for_sidecar(case: &Case) -> Result<Option<Fix>, Missing> {
    if case.pod()?.annotations.contains_key(names::PROXY_CONFIG) {
        return Ok(None);
    }
    let value = r#"{"holdApplicationUntilProxyStarts": true}"#;
    let hold = (Field::Annotations, names::PROXY_CONFIG, Some(value));
    let effect = "the containers start when the sidecar is ready";
    patch_template(
        case,
        "or let the containers wait for the sidecar",
        &[hold],
        effect,
    )
    .map(Some)
}
