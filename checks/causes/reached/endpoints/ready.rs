//! How many endpoints are ready, as evidence.

use crate::causes::reached::place::Place;
use crate::report::Evidence;
use crate::way::Obstacle;
use crate::way::reached::endpoints;

/// What the EndpointSlices say.
pub fn ready(place: &Place) -> Evidence {
    let endpoints = endpoints::<Obstacle>(place.case, place.reference);
    let endpoints = endpoints
        .unwrap_or(Ok(Default::default()))
        .unwrap_or_default();
    let (ready, all) = (
        endpoints.ready.len(),
        endpoints.ready.len() + endpoints.unready,
    );
    let name = format!(
        "endpointslices -l kubernetes.io/service-name={} -n {}",
        place.reference.name, place.reference.namespace
    );
    Evidence::new(name, ".items[*].endpoints[*].conditions.ready")
        .actual(format!("{ready} of {all} ready"))
        .expected("at least 1 ready")
}
