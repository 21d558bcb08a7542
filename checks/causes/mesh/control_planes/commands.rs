//! What asks a platform about its own control plane.

use crate::report::{Command, Fix, Risk};
use crate::way::ControlPlaneKind;

/// Whom each webhook calls.
const WHOM: &str = "custom-columns=NAME:.metadata.name,URL:.webhooks[0].clientConfig.url,SERVICE:.webhooks[0].clientConfig.service.name";

/// The commands that show what the platform serves, and how it fares. Nothing that is visible here names the cluster to
/// `az`, so these two words stay to be filled in.
///
/// Sources: Google, "Provision a control plane with the fleet API"; Microsoft, "Upgrade the Istio add-on"; Red Hat,
/// OpenShift Service Mesh 2 and 3, "Installing".
pub fn commands(kind: ControlPlaneKind, namespace: &str) -> Fix {
    let get = |kinds: &str| Command::kubectl(["get", kinds, "-n", namespace]);
    let oc = |kinds: &str| Command::oc(["get", kinds, "-n", namespace]);
    let show = |title: &str, commands: Vec<Command>| {
        let nothing = "nothing: it shows what is served, and how it fares";
        let fix = Fix::new(title, Risk::ReadOnly, nothing);
        commands.into_iter().fold(fix, Fix::show)
    };
    match kind {
        ControlPlaneKind::CloudServiceMesh => show(
            "ask Google about the control plane, and see which revisions it serves",
            vec![
                Command::gcloud(["container", "fleet", "mesh", "describe"]),
                get("controlplanerevisions.mesh.cloud.google.com"),
            ],
        ),
        ControlPlaneKind::AksAddOn => show(
            "ask Azure which revisions there are, with the names of your resource group and cluster",
            vec![
                Command::az([
                    "aks",
                    "mesh",
                    "get-upgrades",
                    "--resource-group",
                    "RESOURCE_GROUP",
                    "--name",
                    "CLUSTER",
                ]),
                get("deployments,configmaps"),
            ],
        ),
        ControlPlaneKind::ServiceMesh3 => show(
            "see the operator's resources, whose status says what is wrong",
            vec![Command::oc([
                "get",
                "istios,istiorevisions,istiorevisiontags",
            ])],
        ),
        ControlPlaneKind::ServiceMesh2 => show(
            "see the operator's resources: the control plane, and who is a member",
            vec![oc("servicemeshcontrolplanes,servicemeshmemberrolls")],
        ),
        ControlPlaneKind::Outside => show(
            "see where the webhooks lead, and ask whoever runs the control plane there",
            vec![Command::kubectl([
                "get",
                "mutatingwebhookconfigurations",
                "-o",
                WHOM,
            ])],
        ),
        ControlPlaneKind::BeforeIstiod => show(
            "see the injector, and compare the root in its Secret with the webhook's caBundle",
            vec![
                get("deployment/istio-sidecar-injector,service/istio-sidecar-injector"),
                Command::kubectl([
                    "get",
                    "secret",
                    "istio.istio-sidecar-injector-service-account",
                    "-n",
                    namespace,
                    "-o",
                    r"jsonpath={.data.root-cert\.pem}",
                ]),
                Command::kubectl([
                    "get",
                    "mutatingwebhookconfiguration",
                    "istio-sidecar-injector",
                    "-o",
                    "jsonpath={.webhooks[0].clientConfig.caBundle}",
                ]),
            ],
        ),
    }
}
