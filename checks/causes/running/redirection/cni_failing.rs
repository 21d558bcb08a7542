//! Pods that get no network, as the CNI plugin fails.

use super::agent::{in_words, look};
use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::fixes::{await_rollout, patch_template};
use crate::report::{Command, Does, Field, Fix, Risk};
use crate::way::Case;
use crate::way::running::{Agent, agent};

declare_check! {
    /// Istio's CNI plugin fails, so that pods get no network.
    ///
    /// ## What it finds
    /// The pod stays in ContainerCreating with FailedCreatePodSandBox, in the words of the plugin: `failed to find
    /// plugin "istio-cni"`, `Unauthorized`, `connection refused`, `no ztunnel connection`, or `interceptionMode
    /// invalid`. The check says how the plugin's agent fares on the pod's node.
    ///
    /// ## Why it matters
    /// The kubelet calls the plugin for every pod of the node, also for those without a sidecar. Its binary, its
    /// credentials or its agent may be gone: it was uninstalled and its configuration left, or the agent does not run
    /// on this node. In an ambient namespace, ztunnel may not be ready. The interception mode NONE, which istiod
    /// accepts, the plugin does not.
    ///
    /// ## How to fix it
    /// Get the agent running on the node; the kubelet tries again by itself. If the plugin is not wanted any more, remove
    /// on each node what it left: the entry in the list of plugins, and its kubeconfig.
    ///
    /// ```sh
    /// ls /etc/cni/net.d /opt/cni/bin
    /// rm /etc/cni/net.d/ZZZ-istio-cni-kubeconfig
    /// ```
    ///
    /// ## References
    /// - Istio, Install the CNI node agent: <https://istio.io/latest/docs/setup/additional-setup/cni/>
    /// - Kubernetes, Network plugins:
    ///   <https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/>
    "INJ605", "cni-failing", Running, about Pods,
    run
}

const MODE: &str = "sidecar.istio.io/interceptionMode";

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let agent = agent(case, unwell.pod)?;
        let message = format!(
            "{} of {} cannot start: Istio's CNI plugin fails to set up the network; {}",
            pods_in_words(unwell),
            case.target(),
            in_words(agent, unwell.pod),
        );
        let finding = not_ready(case, message);
        let is_of_mode = unwell
            .cause()
            .is_some_and(|said| said.text.contains("interceptionMode"));
        if is_of_mode {
            return Ok(finding.fix(patch_template(
                case,
                "remove the annotation",
                &[(Field::Annotations, MODE, None)],
                "the pod's traffic is redirected to its sidecar",
            )?));
        }
        Ok(finding.fix(match agent {
            Agent::Ready { pod, .. } | Agent::Unready(pod) => match restart_agents(pod) {
                Some(fix) => fix,
                None => look(agent, unwell.pod),
            },
            Agent::Elsewhere | Agent::Unseen => look(agent, unwell.pod),
        }))
    })
}

/// Restarts the DaemonSet of an agent.
fn restart_agents(agent: &Pod) -> Option<Fix> {
    let mut owners = agent.metadata.owner_references.iter().flatten();
    let owner = owners.find(|owner| owner.kind == "DaemonSet")?;
    let namespace = agent.metadata.namespace.as_deref()?;
    let reference = format!("daemonset/{}", owner.name);
    let restart = ["rollout", "restart", &reference, "-n", namespace];
    Some(
        Fix::new(
            "restart the plugin's agents",
            Risk::MeshWide,
            "the agents write the plugin, its configuration and its credentials anew; then the kubelet tries again by itself",
        )
        .command(Command::kubectl(restart), Does::Shows)
        .show(await_rollout(&reference, namespace)),
    )
}
