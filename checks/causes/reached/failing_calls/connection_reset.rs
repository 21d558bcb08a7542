//! The connection to istiod is closed before there is an answer.

use crate::facts::kinds::Pod;

use super::cause::Cause;
use super::istiod_log;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::reached::endpoints::has_restarted;
use crate::causes::reached::istiod;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::deployment_object;
use crate::report::{Command, Evidence, Fix, Risk};
use crate::way::Case;

declare_check! {
    /// The connection between API server and istiod is reset or cut before istiod answers.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the call of the webhook ended with
    /// `connection reset by peer` or `EOF`, while Service, endpoints, caBundle and istiod are as they should be, and
    /// none of them was changed since.
    ///
    /// ## Why it matters
    /// Pods are refused, though others may pass. Somebody took the connection and closed it: istiod, as its handler
    /// panicked at this pod or its process ended; or something on the way, such as a proxy, a load balancer, a tunnel,
    /// or a sidecar in front of istiod. That istiod panics at pods with a wrong annotation `sidecar.istio.io/status` is
    /// known beforehand, and told as status-annotation-invalid.
    ///
    /// ## How to fix it
    /// The log of istiod tells which it is: `http: panic serving` is istiod itself. Where it restarted, look at the log
    /// of its last life:
    ///
    /// ```sh
    /// kubectl logs -n istio-system deployment/istiod --tail=50
    /// kubectl logs -n istio-system deployment/istiod --tail=50 --previous
    /// ```
    ///
    /// Where istiod panics or crashes, heal or upgrade it. Where it logs nothing, look along the way: the agents of the
    /// tunnel, proxies, the MTU of the overlay network. Then create the pods again; controllers do so by themselves.
    ///
    /// ## References
    /// - Istio, Sidecar injection problems: <https://istio.io/latest/docs/ops/common-problems/injection/>
    /// - Kubernetes, Debugging Services:
    ///   <https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/>
    "INJ222", "connection-reset", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Closed, explain)
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let destination = failing.destination;
    let deployment = istiod::deployment_of(case, destination)?;
    let pods = match destination.service() {
        Some(service) => case.istiod_pods(&service.namespace)?,
        None => &[],
    };
    let own = istiod::pods_of(pods, destination, deployment);
    let restarted = own.iter().find(|pod| has_restarted(pod));
    let who = match restarted {
        Some(pod) => format!("pod {} of istiod has restarted", istiod::pod_name(pod)),
        None => "istiod has not restarted, so that it panicked at this pod, or something on the way closes the connection"
            .to_owned(),
    };
    let words = format!(
        "because the connection is closed before istiod answers; {who}: {}",
        failing.failure.message
    );
    let log = deployment.map(|deployment| {
        let reference = deployment_object(deployment).reference();
        Fix::new(
            format!("see whether {reference} says `http: panic serving`; if not, look for what is on the way"),
            Risk::ReadOnly,
            "nothing: it shows what istiod wrote last",
        )
        .show(istiod_log(deployment))
    });
    Ok(Explained {
        words,
        evidence: restarted.map(|pod| restarts(pod)).into_iter().collect(),
        fixes: restarted
            .map(|pod| look_at_last_life(pod))
            .into_iter()
            .chain(log)
            .collect(),
    })
}

/// How often the containers of a pod were started again.
fn restarts(pod: &Pod) -> Evidence {
    let statuses = pod
        .status
        .iter()
        .flat_map(|status| status.container_statuses.iter().flatten());
    let most = statuses
        .map(|status| status.restart_count)
        .max()
        .unwrap_or_default();
    Evidence::new(of_pod(pod), ".status.containerStatuses[*].restartCount")
        .actual(most.to_string())
        .expected("0")
}

fn of_pod(pod: &Pod) -> String {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    format!("pod/{} -n {namespace}", istiod::pod_name(pod))
}

fn look_at_last_life(pod: &Pod) -> Fix {
    let reference = format!("pod/{}", istiod::pod_name(pod));
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let words = [
        "logs",
        &reference,
        "-n",
        namespace,
        "--tail=50",
        "--previous",
    ];
    Fix::new(
        "see how istiod ended before it was started again",
        Risk::ReadOnly,
        "nothing: it shows what istiod wrote last before it ended",
    )
    .show(Command::kubectl(words))
}
