//! A firewall drops what the API server sends to istiod's pod.

use super::cause::Cause;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Fix, Risk};
use crate::texts::Key;
use crate::way::reached::called_port;
use crate::way::{Case, Platform, eks_cluster, gke_project};

declare_check! {
    /// A firewall keeps the API server from the port of istiod's pods.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the API server dialled a pod of istiod at the port of its webhooks, 15017, and
    /// nothing answered (`dial tcp POD-IP:15017: i/o timeout`, `connection timed out`), while Service, endpoints, caBundle and
    /// istiod are as they should be, no NetworkPolicy shuts istiod off, and none of them was changed since. Where the words do not tell
    /// what was dialled (`context deadline exceeded`), an istiod that hangs is as likely, and webhook-calls-failing finds it.
    ///
    /// ## Why it matters
    /// Pods are refused. The control plane is in another network than the nodes, and a firewall between them drops the call.
    /// Private clusters of GKE allow the control plane ports 443 and 10250 of the nodes only; on EKS the security group of the
    /// nodes decides. The port of the Service, 443, is not the port that arrives at the node.
    ///
    /// ## How to fix it
    /// Open the port from the control plane to the nodes. GKE:
    ///
    /// ```sh
    /// gcloud compute firewall-rules list --filter='name~gke-CLUSTER-[0-9a-z]*-master'
    /// gcloud compute firewall-rules update RULE --allow tcp:10250,tcp:443,tcp:15017
    /// ```
    ///
    /// EKS: allow 15017 into the security group of the nodes from that of the cluster.
    ///
    /// ```sh
    /// aws ec2 authorize-security-group-ingress --group-id NODES --source-group CLUSTER --protocol tcp --port 15017
    /// ```
    ///
    /// ## References
    /// - Istio, Google Kubernetes Engine: <https://istio.io/latest/docs/setup/platform-setup/gke/>
    /// - Istio, Ports used by Istio:
    ///   <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>
    "INJ234", "firewall", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Firewall, explain)
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let address = failing.value(Key::Address).unwrap_or_default();
    let port = failing.value(Key::DialledPort).unwrap_or_default();
    let words = format!(
        "because a firewall between the API server and the nodes drops what is sent to {address}, port {port}, where istiod is ready: {}",
        failing.failure.message
    );
    let mut fixes = Vec::new();
    if let Some(service) = failing.destination.service() {
        let pods = case.istiod_pods(&service.namespace)?;
        fixes.push(open(case, Platform::of(case, pods), port));
        let path = format!(
            "/api/v1/namespaces/{}/services/https:{}:{}/proxy/ready",
            service.namespace,
            service.name,
            called_port(service)
        );
        fixes.push(ask(&path));
    }
    Ok(Explained {
        words,
        evidence: Vec::new(),
        fixes,
    })
}

/// What opens the port is outside of the cluster.
fn open(case: &Case, platform: Option<Platform>, port: &str) -> Fix {
    let place = match platform {
        Some(Platform::Gke) => "in the firewall rule of the control plane, gke-CLUSTER-ID-master",
        Some(Platform::Eks) => "in the security group of the nodes, from that of the cluster",
        Some(Platform::Aks) => "in the network security group and the route table of the nodes",
        _ => "in the firewall between the API server's hosts and the nodes",
    };
    let fix = Fix::new(
        format!("allow TCP {port} from the control plane to the nodes {place}"),
        Risk::MeshWide,
        "calls of the webhook arrive at istiod",
    );
    let context = case.context();
    let rules = || {
        let project = gke_project(context).map(|project| format!("--project={project}"));
        let words = ["compute", "firewall-rules", "list"].map(str::to_owned);
        let filter = "--filter=name~^gke-.*-master$".to_owned();
        Command::gcloud(words.into_iter().chain(project).chain([filter]))
    };
    match platform {
        Some(Platform::Gke) => fix.show(rules()),
        Some(Platform::Eks) => match eks_cluster(context) {
            Some((region, name)) => fix.show(security_group(region, name)),
            None => fix,
        },
        _ => fix,
    }
}

/// Shows the security group of an EKS cluster.
fn security_group(region: &str, name: &str) -> Command {
    Command::aws([
        "eks",
        "describe-cluster",
        "--region",
        region,
        "--name",
        name,
        "--query",
        "cluster.resourcesVpcConfig.clusterSecurityGroupId",
    ])
}

/// The API server goes to a pod of istiod, as for the call of the webhook.
fn ask(path: &str) -> Fix {
    Fix::new(
        "ask istiod through the API server: only where that times out, too, the port is closed",
        Risk::ReadOnly,
        "nothing: any answer of istiod, also 404, shows that the API server reaches it",
    )
    .show(Command::kubectl(["get", "--raw", path]))
}
