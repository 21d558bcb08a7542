//! The tunnel from the control plane to the nodes takes no connection.

use super::cause::Cause;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::{Agents, Case, agents};

declare_check! {
    /// The control plane's tunnel to the nodes has no agent.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the tunnel of the control plane has
    /// nobody on the other side (`No agent available`) or its server refuses to connect (`proxy error from ... while
    /// dialing`), while Service, endpoints, caBundle and istiod are as they should be, and none of them was changed since.
    /// Before any call has failed it is told as a risk where DaemonSet or Deployment `konnectivity-agent` of kube-system has
    /// no pod that is ready.
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
    match judge(case, Cause::Tunnel, explain)? {
        Verdict::Failed(findings) => Ok(Verdict::Failed(findings)),
        Verdict::Passed | Verdict::NotApplicable(_) => risk(case),
    }
}

/// No call has failed so far.
fn risk(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| {
            let down = agents(case)?.filter(|one| one.wanted > 0 && one.ready == 0);
            Ok(down.map(|down| {
                let message = format!(
                    "calls of {} fail where they go through the control plane's tunnel to the nodes, because none of its agents is ready: {}",
                    destination.name(),
                    down.object
                );
                Finding::new(Severity::Info, Effect::Beside, message)
                    .evidence(evidence(&down))
                    .fix(look_at_agents())
            }))
        });
    }
    found.verdict()
}

fn evidence(agents: &Agents) -> Evidence {
    Evidence::new(agents.object.clone(), agents.field)
        .actual(agents.ready.to_string())
        .expected(agents.wanted.to_string())
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let words = format!(
        "because the control plane's tunnel to the nodes (konnectivity) does not connect it to istiod: {}",
        failing.failure.message
    );
    Ok(Explained {
        words,
        evidence: agents(case).ok().flatten().iter().map(evidence).collect(),
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
