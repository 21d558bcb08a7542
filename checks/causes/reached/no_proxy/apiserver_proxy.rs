//! The API server asks a proxy for istiod.

use super::explain::{detour_explained, some_of};
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::Case;
use crate::way::Obstacle;
use crate::way::reached::Leg;

declare_check! {
    /// The API server sends the webhook's calls to an HTTP proxy.
    ///
    /// ## What it finds
    /// `HTTPS_PROXY` (or `https_proxy`) is set for kube-apiserver, and no entry of `NO_PROXY` (or
    /// `no_proxy`) exempts the name by which it calls the webhook, `istiod.istio-system.svc`. Where the
    /// pods of kube-apiserver cannot be seen, the error that it gave tells: `proxyconnect tcp`, or what
    /// the proxy answered, such as `Service Unavailable`.
    ///
    /// ## Why it matters
    /// A proxy outside of the cluster knows nothing of `istiod.istio-system.svc`. The API server calls
    /// webhooks by that name, and compares that name, not an address, with `NO_PROXY`: the service
    /// range and `.cluster.local` exempt nothing here, `.svc` does. The proxy is asked before the
    /// Service is looked up.
    ///
    /// ## How to heal it
    /// Add `.svc` to `NO_PROXY` of every kube-apiserver: in the static pod's manifest on each control
    /// plane node, `/etc/kubernetes/manifests/kube-apiserver.yaml`, whereupon the kubelet restarts it; or
    /// in the settings of the managed cluster. No kubectl command can do that.
    ///
    /// ## References
    /// - Istio, Automatic sidecar injection fails if the Kubernetes API server has proxy settings:
    ///   <https://istio.io/latest/docs/ops/common-problems/injection/#automatic-sidecar-injection-fails-if-the-kubernetes-api-server-has-proxy-settings>
    /// - Go, `golang.org/x/net/http/httpproxy`: the rules of NO_PROXY
    "INJ205", "apiserver-proxy", Reached, about Webhooks,
    folds [],
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    // Where only some API servers have a proxy, what becomes of the pod is open, but not that.
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| Ok(some_of(case, destination).map(detour_explained)));
    }
    found.note_obstacles(case, &[Leg::Proxy], |_, obstacle| {
        Ok(matches!(obstacle, Obstacle::Proxied { .. }))
    });
    found.verdict()
}
