//! The volumes that an injection brings.

use serde_json::Value;

use crate::facts::kinds::Pod;
use crate::way::names;

/// The volumes that istiod has written down as those that it brought; none where it has not injected the pod.
pub fn volumes_of_injection(pod: &Pod) -> Option<Vec<String>> {
    let status = pod.metadata.annotations.as_ref()?.get(names::STATUS)?;
    let status: Value = serde_json::from_str(status).ok()?;
    serde_json::from_value(status.get("volumes")?.clone()).ok()
}
