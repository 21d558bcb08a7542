//! The Service leads elsewhere than to the port on which istiod serves.

use super::port_fixes;
use crate::causes::reached::entry;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::reached::place::Place;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::reached::{NoEndpoints, NoPort, TargetPort, called_port};
use crate::way::{Case, Destination};

declare_check! {
    /// The Service lacks the port that the webhook calls, or does not lead it to istiod's port.
    ///
    /// ## What it finds
    /// The Service has no TCP port of the number in `clientConfig.service.port` (443 where that is
    /// absent), or its `targetPort` is not the port on which istiod serves its webhooks: 15017, unless
    /// argument `--httpsAddr` says otherwise. A `targetPort` by name has to be the name of a port of
    /// istiod's container.
    ///
    /// ## Why it matters
    /// The API server fails with `no service port 443 found for service "istiod"`, or talks to a port
    /// that does not speak the webhook's protocol, and refuses every pod that the webhook selects.
    ///
    /// ## How to fix it
    /// Put the port of the Service right.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/service.yaml`
    "INJ203", "service-port", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    found.note_obstacles::<NoPort>(case, &CHECK);
    found.note_obstacles::<NoEndpoints>(case, &CHECK);
    found.note_obstacles::<TargetPort>(case, &CHECK);
    found.verdict()
}

impl Explain for NoPort {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let Some(place) = Place::of(case, destination)? else {
            return Ok(Explanation::of(self));
        };
        let (called, name) = (self.called, destination.name());
        let list: Vec<_> = self.has.iter().map(ToString::to_string).collect();
        let list = list.join(", ");
        let asked = entry::evidence(
            destination.configuration,
            destination.entry,
            &["clientConfig", "service", "port"],
        );
        let message = format!("{self}, which {name} calls; it has {list}");
        let ports = place
            .field(".spec.ports[*].port")
            .actual(list)
            .expected(called.to_string())
            .set_in(&place.service.metadata, &["spec", "ports"]);
        Ok(Explanation::new(&CHECK, message)
            .evidence([ports, asked.actual(called.to_string())])
            .fixes(port_fixes::add(case, destination, place.service)))
    }
}

/// The explanation of a Service whose port leads to the wrong one of istiod, by number or by name.
pub fn leads_astray(place: &Place, message: String, actual: &str, expected: i32) -> Explanation {
    let called = called_port(place.reference);
    let element = format!("k:{{\"port\":{called},\"protocol\":\"TCP\"}}");
    let path = format!(".spec.ports[?(@.port=={called})].targetPort");
    let steps = ["spec", "ports", &element, "targetPort"];
    let port = place
        .field(&path)
        .actual(actual)
        .expected(expected.to_string())
        .set_in(&place.service.metadata, &steps);
    Explanation::new(&CHECK, message)
        .evidence([port])
        .fixes(port_fixes::lead_to(
            place.service,
            place.reference,
            expected,
        ))
}
