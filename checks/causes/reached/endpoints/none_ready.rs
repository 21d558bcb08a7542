//! Nobody is ready to answer.

use super::endpoint_cause::{Why, why};
use super::{deadlock, gone, no_pods, unmanaged, unready};
use crate::causes::reached::backend::wrong_pods;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::reached::place::Place;
use crate::causes::reached::service::port;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::reached::{NoEndpoints, called_port, injector_port};
use crate::way::{Case, Destination, names};

declare_check! {
    /// No endpoint of the webhook's Service is ready.
    ///
    /// ## What it finds
    /// The EndpointSlices of the Service have no ready endpoint: istiod is scaled to zero, crashes,
    /// waits for its image or a node, is not ready, or is gone. The state of its pods and of its
    /// Deployment says which. Where the Service has no selector, and its addresses were written by hand for an istiod
    /// outside of the cluster, nobody looks after them: there the error of the API server tells that nothing answers.
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
    judge::<NoEndpoints>(case, &CHECK)
}

impl Explain for NoEndpoints {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let Some(place) = Place::of(case, destination)? else {
            return Ok(Explanation::of(self));
        };
        if self.silent.is_some() {
            return Ok(Explanation::because(
                &CHECK,
                self,
                unmanaged::silent(&place)?,
            ));
        }
        match why(case, destination)? {
            Why::Unmanaged => Ok(Explanation::because(&CHECK, self, unmanaged::cause(&place))),
            Why::Selector(pods) => wrong_pods::selects_none(&place, self, &pods),
            Why::NamedPort(name) => {
                let expected = serving_port(&place)?;
                let message = format!(
                    "{self} because its port {} leads to port {name} of istiod, which serves its webhooks on {expected}",
                    called_port(place.reference)
                );
                Ok(port::leads_astray(&place, message, &name, expected))
            }
            Why::Pods(pods) => Ok(Explanation::because(
                &CHECK,
                self,
                unready::cause(&place, &pods)?,
            )),
            Why::NoPods(deployment) => Ok(match deadlock::cause(&place, deployment)? {
                Some(cause) => Explanation::because(&deadlock::CHECK, self, cause),
                None => Explanation::because(&CHECK, self, no_pods::cause(&place, deployment)),
            }),
            Why::Gone => Ok(Explanation::because(&CHECK, self, gone::cause(&place))),
        }
    }
}

/// The port on which the istiod that is meant serves its webhooks.
fn serving_port(place: &Place) -> Result<i32, Missing> {
    let deployment = istiod::deployment_of(place.case, place.destination)?;
    let container = deployment.and_then(istiod::container);
    Ok(container
        .and_then(injector_port)
        .unwrap_or(names::INJECTOR_PORT))
}
