//! What injdoctor reads when it sweeps a cluster, for the bare download: the same lists in the same forms. This table
//! follows `checks/plan/sweep.rs` and `checks/plan/mesh.rs`.

use crate::mesh::Owners;

/// The lists of every sweep, each a form and a path.
const ALWAYS: [&str; 17] = [
    "metadata:/api/v1/pods",
    "list:/apis/apps/v1/replicasets",
    "list:/apis/apps/v1/deployments",
    "list:/apis/apps/v1/statefulsets",
    "list:/apis/apps/v1/daemonsets",
    "list:/apis/batch/v1/jobs",
    "list:/apis/batch/v1/cronjobs",
    "list:/api/v1/namespaces",
    "list:/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "list:/api/v1/events?fieldSelector=type=Warning",
    "metadata:/api/v1/resourcequotas",
    "metadata:/api/v1/limitranges",
    "list:/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "list:/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "list:/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "list:/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "list:/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
];

/// What is read where there are pods without an owner: they are their own template, and some have a sidecar already, whose
/// place depends on the nodes.
const OF_BARE_PODS: [&str; 2] = ["list:/api/v1/pods", "list:/api/v1/nodes"];

/// The lists of a sweep over pods of such owners.
pub(super) fn of_sweep(owners: Owners) -> Vec<&'static str> {
    let more = match owners {
        Owners::Deployments => &[][..],
        Owners::None => &OF_BARE_PODS,
    };
    ALWAYS.iter().chain(more).copied().collect()
}
