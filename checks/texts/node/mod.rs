//! What kubelets, container runtimes and network plugins say.

mod image;
mod network;
mod probe;
mod start;
mod volume;

use super::head::Anchor;

/// What keeps a pod from running on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// The placeholder for an image was never replaced.
    ImageAuto,
    /// An image of Istio cannot be pulled.
    ImagePull,
    /// A program of Istio is for another architecture.
    ExecFormat,
    /// The ConfigMap with the root certificate is not there.
    RootCertificate,
    /// The token for istiod cannot be made.
    Token,
    /// The ConfigMap of a bootstrap override is not there.
    Bootstrap,
    /// A certificate of Citadel, up to Istio 1.5.
    CitadelSecret,
    /// The pod's network cannot be set up by Istio's plugin.
    CniPlugin,
    /// Multus does not find Istio's plugin, or calls it wrongly.
    Multus,
    /// The sidecar answers that it is not ready.
    ProxyUnready,
    /// The sidecar's agent does not listen.
    ProxyNotListening,
    /// The application does not answer to the sidecar's agent.
    AppProbe,
    /// The application's probe arrives at the sidecar, which wants mutual TLS.
    ProbeMeshed,
    /// The application's start waits for the sidecar in vain.
    WaitForProxy,
    /// istio-init has to run as root and may not.
    InitNotRoot,
    /// The sidecar may not run as the pod's rules want it.
    SecurityContext,
    /// No node has room for the pod.
    Unschedulable,
    /// The volumes of the sidecar keep the autoscaler from removing a node.
    KeepsNode,
}

/// Where their grammars begin.
pub(super) const NODES: &[&[Anchor]] = &[
    network::ANCHORS,
    volume::ANCHORS,
    image::ANCHORS,
    start::ANCHORS,
    probe::ANCHORS,
];
