//! The API server's host has no path to istiod.

use super::cause::Cause;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Fix, Risk};
use crate::texts::Key;
use crate::way::Case;

declare_check! {
    /// The API server's host has no working path to the pods or Services of the cluster.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the call of the webhook ended with
    /// `no route to host` or `network is unreachable`, or on EKS with `Address is not allowed`, while Service,
    /// endpoints, caBundle and istiod are as they should be, and none of them was changed since. Where the words are
    /// `i/o timeout` or `context deadline exceeded`, a firewall or an istiod that hangs is as likely, and
    /// webhook-calls-failing finds it.
    ///
    /// ## Why it matters
    /// Pods are refused. From another pod istiod answers, which proves nothing: the API server is on the network of
    /// its host. The CNI or kube-proxy does not run there, a firewall of a host rejects, or a managed control plane
    /// cannot send to the addresses of an overlay network. Webhooks of other vendors fail in the same way.
    ///
    /// ## How to fix it
    /// On a control plane node, if there is access to one, see where the address leads:
    ///
    /// ```sh
    /// ip route get ISTIOD-POD-IP
    /// curl -k --max-time 5 https://ISTIOD-POD-IP:15017/inject
    /// ```
    ///
    /// From outside, through the API server, which goes to a pod and not to the address of the Service: any answer of
    /// istiod, also 404, shows that the pods can be reached, and that kube-proxy does not do its work there.
    ///
    /// ```sh
    /// kubectl get --raw '/api/v1/namespaces/istio-system/services/https:istiod:https-webhook/proxy/ready'
    /// ```
    ///
    /// Run the CNI and kube-proxy on the control plane nodes, and repair routes and the hosts' firewall. Where the
    /// control plane is managed and the pods are in an overlay network, put istiod on the network of its node:
    ///
    /// ```sh
    /// kubectl patch deployment/istiod -n istio-system -p '{"spec":{"template":{"spec":{"hostNetwork":true,"dnsPolicy":"ClusterFirstWithHostNet"}}}}'
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Communication between nodes and the control plane:
    ///   <https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/>
    /// - Istio, Sidecar injection problems: <https://istio.io/latest/docs/ops/common-problems/injection/>
    "INJ218", "apiserver-route", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Route, explain)
}

fn explain(_: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let address = match (failing.value(Key::Address), failing.value(Key::DialledPort)) {
        (Some(address), Some(port)) => format!("{address}, port {port}"),
        _ => "the address of istiod".to_owned(),
    };
    let words = format!(
        "because the API server's host cannot send to {address}: its routes do not lead there, or a firewall on the way rejects it: {}",
        failing.failure.message
    );
    let service = failing.destination.service();
    let fixes = service.map(|service| look_at(&service.namespace));
    Ok(Explained {
        words,
        evidence: Vec::new(),
        fixes: fixes.into_iter().collect(),
    })
}

fn look_at(namespace: &str) -> Fix {
    let pods = ["get", "pods", "-n", namespace, "-o", "wide"];
    let nodes = ["get", "nodes", "-o", "wide"];
    Fix::new(
        "see the addresses of istiod's pods and of the nodes, and mend the routes to them on the API server's host",
        Risk::ReadOnly,
        "nothing: calls arrive again once the API server's host has a path to these addresses",
    )
    .show(Command::kubectl(pods))
    .show(Command::kubectl(nodes))
}
