//! Somebody else makes the endpoints.

use super::ready::ready;
use crate::causes::reached::explanation::Cause;
use crate::causes::reached::place::Place;
use crate::report::{Command, Fix, Risk};

/// The Service has no selector.
pub fn cause(place: &Place) -> Cause {
    let label = format!("kubernetes.io/service-name={}", place.reference.name);
    let namespace = place.reference.namespace.as_str();
    Cause {
        words: "it has no selector, and whoever makes its endpoints has made none that is ready"
            .to_owned(),
        evidence: vec![ready(place), place.field(".spec.selector")],
        fixes: vec![
            Fix::new(
                "see who makes the endpoints",
                Risk::ReadOnly,
                "nothing: it shows the EndpointSlices with who set them",
            )
            .show(Command::kubectl([
                "get",
                "endpointslices",
                "-n",
                namespace,
                "-l",
                &label,
                "-o",
                "yaml",
                "--show-managed-fields",
            ])),
        ],
    }
}
