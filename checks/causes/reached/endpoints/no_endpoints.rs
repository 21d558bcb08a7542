//! Nobody is ready to answer.

use super::endpoint_cause::{Why, why};
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::Case;
use crate::way::Obstacle;
use crate::way::reached::Leg;

declare_check! {
    /// No endpoint of the webhook's Service is ready.
    ///
    /// ## What it finds
    /// The EndpointSlices of the Service have no ready endpoint: istiod is scaled to zero, crashes,
    /// waits for its image or a node, is not ready, or is gone. The state of its pods and of its
    /// Deployment says which.
    ///
    /// ## Why it matters
    /// The API server's call is refused (`connect: connection refused`, or `no endpoints available for
    /// service "istiod"`), and so is every pod that the webhook selects.
    ///
    /// ## How to fix it
    /// Get istiod ready again. With two replicas and a PodDisruptionBudget it stays so while nodes are
    /// drained. Where istiod was uninstalled, delete the webhook configuration that was left over.
    ///
    /// ## References
    /// - Istio, Sidecar injection problems:
    ///   <https://istio.io/latest/docs/ops/common-problems/injection/#no-such-hosts-or-no-endpoints-available-errors-in-deployment-status>
    "INJ202", "istiod-no-endpoints", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, &[Leg::Ready], |destination, obstacle| {
        let Obstacle::NoEndpoints { .. } = obstacle else {
            return Ok(false);
        };
        let why = why(case, destination)?;
        Ok(!matches!(why, Why::Selector(_) | Why::NamedPort(_)))
    })
}
