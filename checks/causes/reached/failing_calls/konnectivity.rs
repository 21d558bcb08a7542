//! The tunnel from the control plane to the nodes takes no connection.

use super::cause::Cause;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Fix, Risk};
use crate::way::Case;

declare_check! {
    /// The control plane's tunnel to the nodes has no agent.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the tunnel of the control plane has
    /// nobody on the other side (`No agent available`) or its server refuses to connect (`proxy error from ... while
    /// dialing`), while Service, endpoints, caBundle and istiod are as they should be, and none of them was changed since.
    ///
    /// ## Why it matters
    /// Managed control planes reach the nodes through konnectivity. Its agents run as pods on the nodes and dial out to
    /// the control plane. None runs, or a firewall keeps them from dialling out. Then every call from the API server into
    /// the cluster fails: webhooks of all vendors, `kubectl logs`, `kubectl exec`.
    ///
    /// ## How to fix it
    /// See whether the agents run, and what they log; the logs themselves come through the tunnel, so that reading them
    /// fails in the same way while there is none:
    ///
    /// ```sh
    /// kubectl get pods -n kube-system -l k8s-app=konnectivity-agent -o wide
    /// kubectl logs -n kube-system POD-OF-THE-AGENT
    /// ```
    ///
    /// Get the agents running: nodes with room for them, egress from the nodes to the control plane (port 8132 on GKE), and
    /// no webhook that holds up pods of kube-system.
    ///
    /// ## References
    /// - Kubernetes, Set up Konnectivity service:
    ///   <https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/>
    "INJ226", "konnectivity", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Tunnel, explain)
}

fn explain(_: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let words = format!(
        "because the control plane's tunnel to the nodes (konnectivity) does not connect it to istiod: {}",
        failing.failure.message
    );
    Ok(Explained {
        words,
        evidence: Vec::new(),
        fixes: vec![look_at_agents()],
    })
}

fn look_at_agents() -> Fix {
    let agents = "--selector=k8s-app=konnectivity-agent";
    let pods = ["get", "pods", "-n", "kube-system", agents, "-o", "wide"];
    let nodes = ["get", "nodes"];
    Fix::new(
        "see whether the agents of the tunnel run, and bring them back: they need nodes with room, and a way out to the control plane",
        Risk::ReadOnly,
        "nothing: calls arrive again once an agent is connected",
    )
    .show(Command::kubectl(pods))
    .show(Command::kubectl(nodes))
}
