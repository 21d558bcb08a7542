//! Pods that the CNI plugin should have set up, and did not.

use super::agent::{in_words, look};
use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Fix, Risk};
use crate::way::Case;
use crate::way::running::{Agent, agent};

declare_check! {
    /// The container istio-validation fails, because the CNI plugin did not set up the pod.
    ///
    /// ## What it finds
    /// The pod stays in Init: istio-validation ends with exit code 126, as the pod's traffic does not arrive where the
    /// sidecar will listen. The check says whether the plugin's agent is ready on the pod's node, and since when.
    ///
    /// ## Why it matters
    /// With the CNI plugin, pods have no istio-init that redirects their traffic. A pod that was not set up cannot be
    /// later: istio-validation fails again and again until the pod is deleted.
    ///
    /// It happens where the pod started on a node before the agent was there; where the agent does not run on the node,
    /// or writes into folders that the kubelet does not read (`cniBinDir`, `cniConfDir`); and where the plugin leaves
    /// the namespace out (`excludeNamespaces`).
    ///
    /// ## How to fix it
    /// Get the agent running on every node, with the folders of the platform. Then restart the pods; the repair of the
    /// agent does so by itself where it is on.
    ///
    /// ```sh
    /// helm install istio-cni istio/cni -n istio-system --wait
    /// helm upgrade istio-cni istio/cni -n istio-system --reuse-values --set cniBinDir=FOLDER --set cniConfDir=FOLDER
    /// kubectl get events -A | grep -e DeleteBrokenPod -e LabelBrokenPod
    /// ```
    ///
    /// ## References
    /// - Istio, Install the CNI node agent, race condition and mitigation:
    ///   <https://istio.io/latest/docs/setup/additional-setup/cni/#race-condition--mitigation>
    "INJ603", "cni-not-applied", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let agent = agent(case, unwell.pod)?;
        let created = unwell.pod.metadata.creation_timestamp.as_ref();
        // Both are dated to the second.
        let is_younger = |since| created.is_some_and(|created| created.0 <= since);
        let came_later =
            matches!(agent, Agent::Ready { since: Some(since), .. } if is_younger(since));
        let when = match came_later {
            true => "; the pod was created before that",
            false => "",
        };
        let message = format!(
            "{} of {}: the traffic is not redirected to the sidecar, as the CNI plugin has not set up the pod; {}{when}",
            pods_in_words(unwell),
            case.target(),
            in_words(agent, unwell.pod),
        );
        let finding = not_ready(case, message);
        if !came_later {
            return Ok(finding.fix(look(agent, unwell.pod)));
        }
        let fix = Fix::new(
            "restart the pods",
            Risk::RestartsPods,
            "the CNI plugin sets up the new pods",
        );
        Ok(finding.fix(fix.restart(restart(case)?)))
    })
}
