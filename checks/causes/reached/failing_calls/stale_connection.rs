//! The API server calls over a connection to an istiod that is gone.

use k8s_openapi::api::apps::v1::Deployment;

use super::cause::Cause;
use super::standing::{Explained, FailingCall, judge};
use super::successor::successor;
use crate::causes::reached::istiod;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{change_istiod, deployment_object};
use crate::report::{Command, Evidence, Fix, Patch, Risk};
use crate::way::Case;

declare_check! {
    /// The API server holds connections to an istiod that is gone, such as with its node.
    ///
    /// ## What it finds
    /// Events FailedCreate of the last 17 minutes say that a call timed out (`context deadline exceeded`) that was made after
    /// a new pod of istiod was ready, and at most 90 seconds after; and no change of the Deployment brought that pod, so that
    /// it took the place of one that was lost. Or they say `http2: client connection lost`. Service, endpoints, caBundle and
    /// istiod are as they should be, and none of them was changed since.
    ///
    /// ## Why it matters
    /// The API server keeps its connections to a webhook open, idle ones for 90 seconds. A node that vanished did not close
    /// its end, so a call over such a connection waits for an answer that nobody sends, until its time is over. It heals by
    /// itself: each such call takes its connection with it, so that pods are refused as often as there were connections.
    /// Before Kubernetes 1.16 all calls went over one connection of HTTP/2, which was kept until TCP gave up, about a quarter
    /// of an hour.
    ///
    /// ## How to fix it
    /// Wait: controllers create refused pods again by themselves. Create bare pods again. Up to Kubernetes 1.15 restart the
    /// API server. Two replicas of istiod on different nodes make it rarer.
    ///
    /// ## References
    /// - Istio, Sidecar injection problems: <https://istio.io/latest/docs/ops/common-problems/injection/>
    /// - Kubernetes 1.36, `apiserver/pkg/util/webhook/client.go`, `client-go/transport/cache.go`
    "INJ238", "stale-connection", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Stale, explain)
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let successor = successor(case, failing.destination, &failing.failure)?;
    let since = match successor {
        Some((pod, since)) => format!(
            ", in whose place pod {} is ready since {since}",
            istiod::pod_name(pod)
        ),
        None => String::new(),
    };
    let words = format!(
        "because the API server makes them over connections to an istiod that is gone{since}; each such call takes its connection with it, so that it ends by itself: {}",
        failing.failure.message
    );
    let evidence = successor.map(|(pod, since)| {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let object = format!("pod/{} -n {namespace}", istiod::pod_name(pod));
        let path = ".status.conditions[?(@.type==\"Ready\")].lastTransitionTime";
        Evidence::new(object, path).actual(since.to_string())
    });
    let alone = istiod::deployment_of(case, failing.destination)?.filter(|one| is_alone(one));
    Ok(Explained {
        words,
        evidence: evidence.into_iter().collect(),
        fixes: vec![alone.map_or_else(look, second)],
    })
}

fn is_alone(deployment: &Deployment) -> bool {
    let spec = deployment.spec.as_ref();
    spec.and_then(|spec| spec.replicas).unwrap_or(1) == 1
}

fn second(deployment: &Deployment) -> Fix {
    let fix = Fix::new(
        format!(
            "nothing for this time; run a second {} on another node, for the next one",
            deployment_object(deployment).reference()
        ),
        Risk::MeshWide,
        "where the node of one goes, the other still answers; an autoscaler with minReplicas 1 takes it back",
    );
    change_istiod(fix, deployment, Patch::Replicas(2))
}

fn look() -> Fix {
    Fix::new(
        "nothing for this time; for the next one, see that the istiods are on different nodes",
        Risk::ReadOnly,
        "nothing: it shows the node of each",
    )
    .show(Command::kubectl([
        "get",
        "pods",
        "-A",
        "-l",
        "app=istiod",
        "-o",
        "wide",
    ]))
}
