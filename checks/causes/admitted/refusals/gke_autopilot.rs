//! Pods that GKE Autopilot refuses for what istio-init needs.

use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Fix, Risk};
use crate::way::Case;

declare_check! {
    /// GKE Autopilot refuses the capability NET_ADMIN of istio-init.
    ///
    /// ## What it finds
    /// Pods are refused with `denied by autogke-default-linux-capabilities`, or with other words of Autopilot that name
    /// what the sidecar brings, and the template of the pods was not changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. Autopilot allows no container to have NET_ADMIN unless the cluster was told to.
    ///
    /// ## How to fix it
    /// Allow it in the cluster, or use the managed Cloud Service Mesh:
    ///
    /// ```sh
    /// gcloud container clusters update CLUSTER --location LOCATION --workload-policies=allow-net-admin
    /// ```
    ///
    /// ## References
    /// - Google, Autopilot security: <https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-security>
    /// - Istio, Google Kubernetes Engine: <https://istio.io/latest/docs/setup/platform-setup/gke/>
    "INJ515", "gke-autopilot", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |_| {
        let message = format!(
            "pods of {} are refused by GKE Autopilot for the capabilities of istio-init",
            case.target()
        );
        let allow = Fix::new(
            "allow NET_ADMIN in the cluster, by gcloud container clusters update with --workload-policies=allow-net-admin",
            Risk::MeshWide,
            "pods with this capability are taken, also those of others",
        );
        let clusters = ["container", "clusters", "list"];
        Ok(rejected(message).fix(allow.show(Command::gcloud(clusters))))
    })
}
