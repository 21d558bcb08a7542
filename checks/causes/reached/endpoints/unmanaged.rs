//! Somebody else makes the endpoints.

use super::ready::ready;
use crate::causes::reached::explanation::Cause;
use crate::causes::reached::place::Place;
use crate::causes::refused::standing_words;
use crate::facts::Missing;
use crate::report::{Command, Evidence, Fix, Risk};

/// The Service has no selector.
pub fn cause(place: &Place) -> Cause {
    Cause {
        words: "it has no selector, and whoever makes its endpoints has made none that is ready"
            .to_owned(),
        evidence: vec![ready(place), place.field(".spec.selector")],
        fixes: vec![see(place)],
    }
}

/// The addresses of the endpoints were written by hand, and nothing answers there.
///
/// # Errors
/// [`Missing`] where the EndpointSlices were not read.
pub fn silent(place: &Place) -> Result<Cause, Missing> {
    let reference = place.reference;
    let mut evidence = Vec::new();
    let mut named = Vec::new();
    for slice in place
        .case
        .endpoint_slices(&reference.namespace, &reference.name)?
    {
        let all = slice.endpoints.iter().flat_map(|one| &one.addresses);
        let addresses = all.map(String::as_str).collect::<Vec<_>>().join(", ");
        let name = slice.metadata.name.as_deref().unwrap_or_default();
        let field = Evidence::new(
            place.object("endpointslice", name),
            ".endpoints[*].addresses",
        );
        let field = field.set_in(&slice.metadata, &["endpoints"]);
        evidence.push(field.actual(&addresses));
        named.push(format!("{addresses} in EndpointSlice {name}"));
    }
    evidence.push(place.field(".spec.selector"));
    evidence.extend(standing_words(place.case, place.destination));
    let write = Fix::new(
        format!(
            "write the address of the istiod outside of this cluster into {}, or get it to answer there",
            named.join(" and ")
        ),
        Risk::MeshWide,
        "calls of the webhook arrive at that istiod; which address it has, only whoever runs it knows",
    );
    Ok(Cause {
        words: format!(
            "it has no selector, and its addresses were written by hand: {}; whether they are wrong or that host is down \
             cannot be seen here",
            named.join(" and ")
        ),
        evidence,
        fixes: vec![write.show(look(place))],
    })
}

/// Shows who makes the endpoints.
fn see(place: &Place) -> Fix {
    Fix::new(
        "see who makes the endpoints",
        Risk::ReadOnly,
        "nothing: it shows the EndpointSlices with who set them",
    )
    .show(look(place))
}

fn look(place: &Place) -> Command {
    let label = format!("kubernetes.io/service-name={}", place.reference.name);
    let namespace = place.reference.namespace.as_str();
    Command::kubectl([
        "get",
        "endpointslices",
        "-n",
        namespace,
        "-l",
        &label,
        "-o",
        "yaml",
        "--show-managed-fields",
    ])
}
