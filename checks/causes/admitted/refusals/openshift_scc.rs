//! Pods for which OpenShift has no security context constraint.

use crate::causes::told_refusal::{pod_in_words, rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Fix, Risk};
use crate::texts::Key;
use crate::way::Case;

declare_check! {
    /// No security context constraint of OpenShift admits the sidecar.
    ///
    /// ## What it finds
    /// Pods are refused with `unable to validate against any security context constraint`, and the template of the pods was
    /// not changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. istio-init wants NET_ADMIN and NET_RAW, and the proxy the user 1337, which the default
    /// constraint `restricted-v2` does not grant. On OpenShift the installation needs the platform set and the CNI plugin.
    ///
    /// ## How to fix it
    /// Install for OpenShift, with the CNI plugin:
    ///
    /// ```sh
    /// oc get daemonsets -A -l k8s-app=istio-cni-node
    /// istioctl install --set profile=openshift
    /// ```
    ///
    /// Where that is not possible, grant the constraint to the service account, which gives it far more than Istio needs:
    ///
    /// ```sh
    /// oc adm policy who-can use scc privileged -n NAMESPACE
    /// oc adm policy add-scc-to-user privileged -z SERVICEACCOUNT -n NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Istio, OpenShift: <https://istio.io/latest/docs/setup/platform-setup/openshift/>
    "INJ514", "openshift-scc", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let message = format!(
            "no security context constraint of OpenShift admits {} of {}: {}",
            pod_in_words(case),
            case.target(),
            found.value(Key::Reason).unwrap_or_default()
        );
        let plugin = [
            "get",
            "daemonsets",
            "--all-namespaces",
            "--selector=k8s-app=istio-cni-node",
        ];
        let install = Fix::new(
            "see whether Istio's CNI plugin runs; if not, install Istio with the profile openshift",
            Risk::ReadOnly,
            "nothing: with this profile and its plugin the sidecar needs nothing that restricted-v2 does not grant",
        );
        Ok(rejected(message).fix(install.show(Command::kubectl(plugin))))
    })
}
