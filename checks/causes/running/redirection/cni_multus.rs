//! Pods that get no network, as Multus does not find Istio's CNI plugin.

use serde_json::json;

use super::agent::{in_words, look};
use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Does, Fix, Risk};
use crate::texts::Key;
use crate::way::Case;
use crate::way::running::agent;

declare_check! {
    /// Multus lacks the NetworkAttachmentDefinition `istio-cni`, or is set up wrongly.
    ///
    /// ## What it finds
    /// The pod stays in ContainerCreating with FailedCreatePodSandBox, in the words of Multus: `cannot find a
    /// network-attachment-definition (istio-cni)`, `no network available in the name istio-cni`, or an error of the
    /// plugin that it calls. The check says how the plugin's agent fares on the pod's node.
    ///
    /// ## Why it matters
    /// With Multus, as on OpenShift, Istio's plugin is not chained behind another: the injector writes the annotation
    /// `k8s.v1.cni.cncf.io/networks`, and Multus looks for a definition of that name. Then it looks for the plugin's
    /// configuration in a folder of its own, `/etc/cni/multus/net.d`.
    ///
    /// ## How to fix it
    /// Create the definition, as the printed command does; the kubelet tries again by itself. For good, install the
    /// plugin for Multus, or, where pods are not to use Multus, tell the injector so:
    ///
    /// ```sh
    /// helm upgrade istio-cni istio/cni -n istio-system --reuse-values --set provider=multus
    /// helm upgrade istiod istio/istiod -n istio-system --reuse-values --set pilot.cni.provider=default
    /// ```
    ///
    /// ## References
    /// - Istio, OpenShift: <https://istio.io/latest/docs/setup/platform-setup/openshift/>
    /// - Istio, Install the CNI node agent: <https://istio.io/latest/docs/setup/additional-setup/cni/>
    "INJ633", "cni-multus", Running, about Pods,
    run
}

/// The definition, as Istio calls it.
/// Source: Istio 1.31, `manifests/charts/istio-cni/templates/network-attachment-definition.yaml`.
const DEFINITION: &str = "istio-cni";

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, found| {
        let pods = format!("{} of {}", pods_in_words(unwell), case.target());
        if let Some(namespace) = found.value(Key::Namespace) {
            let message = format!(
                "{pods} cannot start: Multus does not find NetworkAttachmentDefinition {DEFINITION} in namespace {namespace}"
            );
            return Ok(not_ready(case, message).fix(create(namespace)));
        }
        let agent = agent(case, unwell.pod)?;
        let message = format!(
            "{pods} cannot start: Multus cannot call Istio's CNI plugin; {}",
            in_words(agent, unwell.pod)
        );
        Ok(not_ready(case, message).fix(look(agent, unwell.pod)))
    })
}

fn create(namespace: &str) -> Fix {
    let definition = json!({
        "apiVersion": "k8s.cni.cncf.io/v1",
        "kind": "NetworkAttachmentDefinition",
        "metadata": { "name": DEFINITION, "namespace": namespace },
    });
    let delete = "delete network-attachment-definitions -n";
    let delete = delete.split(' ').chain([namespace, DEFINITION]);
    Fix::new(
        "create the definition",
        Risk::Safe,
        "the kubelet tries again by itself, and Multus finds Istio's plugin",
    )
    .command(Command::kubectl_create(&definition), Does::Shows)
    .undo(Command::kubectl(delete))
}
