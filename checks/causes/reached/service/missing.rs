//! There is no such Service.

use crate::causes::reached::obstacle_findings::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::Case;
use crate::way::Obstacle;
use crate::way::reached::Leg;

declare_check! {
    /// The Service of the webhook does not exist.
    ///
    /// ## What it finds
    /// `clientConfig.service` of an injection webhook names a Service that is not there. As a rule the
    /// webhook is left over: webhook configurations belong to no namespace, so deleting `istio-system`,
    /// or the istiod of a revision, leaves them behind.
    ///
    /// ## Why it matters
    /// The API server goes on calling the webhook, fails with `service "istiod" not found`, and refuses
    /// every pod that the webhook selects.
    ///
    /// ## How to heal it
    /// Where istiod still runs, make the Service again. Where it is gone, delete the webhook
    /// configuration, or let the tag lead to a revision that is there.
    ///
    /// ## References
    /// - Kubernetes 1.36, `k8s.io/apiserver/pkg/util/proxy/proxy.go`
    /// - Istio, Uninstall: <https://istio.io/latest/docs/setup/install/istioctl/#uninstall-istio>
    "INJ201", "webhook-service-missing", Reached, about Webhooks,
    folds [],
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, &[Leg::Service], |_, obstacle| {
        Ok(*obstacle == Obstacle::ServiceMissing)
    })
}
