//! Calls fail, and neither their words nor what is visible tells why.

use k8s_openapi::api::apps::v1::Deployment;

use super::cause::Cause;
use super::istiod_log;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::reached::istiod;
use crate::causes::refused::see_also;
use crate::causes::{Verdict, declare_check, istiod_log};
use crate::facts::Missing;
use crate::fixes::{deployment_object, restart_istiod};
use crate::report::{Fix, Risk};
use crate::way::Case;

declare_check! {
    /// The API server's calls of the webhook fail, although everything that can be seen is as it should be.
    ///
    /// ## What it finds
    /// Events FailedCreate say that calls of the webhook failed within the last 17 minutes, while Service,
    /// endpoints, caBundle and istiod are as they should be, and none of them was changed since.
    ///
    /// ## Why it matters
    /// Pods are refused. What keeps the calls from being answered cannot be seen in the cluster's API: istiod
    /// hangs although it was ready, or the network drops the calls, such as a firewall, a NetworkPolicy or a
    /// route between the API server and the nodes.
    ///
    /// ## How to fix it
    /// The error tells where to look: a time-out of a connection (`dial tcp ...: i/o timeout`) points to the
    /// network, a time-out after it (`context deadline exceeded`) or an error 5xx to istiod. Restart istiod
    /// where it hangs.
    ///
    /// ## References
    /// - Istio, Sidecar injection problems: <https://istio.io/latest/docs/ops/common-problems/injection/>
    "INJ217", "webhook-calls-failing", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Untold, explain)
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let failure = &failing.failure;
    let words = format!(
        "although its way is clear as far as it can be seen: {}{}",
        failure.message,
        see_also(failure.told.as_ref())
    );
    let mut fixes = match istiod::deployment_of(case, failing.destination)? {
        Some(deployment) => vec![look_at(deployment), restart_where_it_hangs(deployment)],
        None => Vec::new(),
    };
    fixes.extend(istiod_log::fixes(case));
    Ok(Explained {
        words,
        evidence: istiod_log::evidence(case).into_iter().collect(),
        fixes,
    })
}

fn look_at(deployment: &Deployment) -> Fix {
    Fix::new(
        format!(
            "look whether {} hangs",
            deployment_object(deployment).reference()
        ),
        Risk::ReadOnly,
        "nothing: an istiod that answers writes new lines",
    )
    .show(istiod_log(deployment))
}

fn restart_where_it_hangs(deployment: &Deployment) -> Fix {
    let fix = Fix::new(
        format!(
            "restart {}, where it hangs",
            deployment_object(deployment).reference()
        ),
        Risk::MeshWide,
        "an istiod that hung answers again; where the network drops the calls, nothing changes",
    );
    restart_istiod(fix, deployment)
}
