//! The Service leads elsewhere than to the port on which istiod serves.

use super::endpoint_cause::{Why, why};
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::Case;
use crate::way::Obstacle;
use crate::way::reached::Leg;

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
    /// ## How to heal it
    /// Put the port of the Service right.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/service.yaml`
    "INJ203", "service-port", Reached, about Webhooks,
    folds [],
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(
        case,
        &[Leg::Service, Leg::Ready, Leg::Istiod],
        |destination, obstacle| match obstacle {
            Obstacle::PortMissing { .. } | Obstacle::TargetPort { .. } => Ok(true),
            Obstacle::NoEndpoints { .. } => {
                Ok(matches!(why(case, destination)?, Why::NamedPort(_)))
            }
            _ => Ok(false),
        },
    )
}
