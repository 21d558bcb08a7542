//! The causes of what nodes say.

use super::Causes;
use crate::texts::Node;

pub(super) fn causes(node: Node) -> Causes {
    match node {
        Node::ImageAuto => Causes::certain(
            "image-auto",
            "auto is a placeholder that injection replaces: this pod was not injected",
        ),
        Node::ImagePull => Causes::certain("image-pull", "an image of Istio cannot be pulled"),
        Node::ExecFormat => Causes::certain(
            "image-pull",
            "the image is for another architecture than the node",
        ),
        Node::RootCertificate => Causes::certain(
            "root-certificate-missing",
            "istiod has not written istio-ca-root-cert into the namespace",
        ),
        Node::Token => Causes::likely(
            "proxy-unauthenticated",
            "the token for istiod cannot be made",
        ),
        Node::Bootstrap => Causes::certain(
            "bootstrap-configmap",
            "the ConfigMap of sidecar.istio.io/bootstrapOverride is not there",
        ),
        Node::CitadelSecret => Causes::possible(
            "root-certificate-missing",
            "Citadel, up to Istio 1.5, has not written the Secret into the namespace",
        ),
        Node::CniPlugin => Causes::certain(
            "cni-failing",
            "Istio's network plugin cannot set up the pod",
        ),
        Node::Multus => Causes::certain(
            "cni-multus",
            "Multus does not find Istio's plugin, or calls it wrongly",
        ),
        Node::ProxyUnready => Causes::possible(
            "proxy-cannot-reach-istiod",
            "the sidecar answers 503 as long as it has no configuration",
        )
        .or(
            "proxy-rejected-config",
            "Envoy may have rejected what istiod sent",
        )
        .or("app-before-proxy", "it may be a moment at the start"),
        Node::ProxyNotListening => Causes::likely(
            "app-before-proxy",
            "the sidecar's agent does not listen yet",
        )
        .or(
            "proxy-cannot-reach-istiod",
            "it may wait for its certificate",
        )
        .or(
            "init-iptables",
            "the rules of istio-init may lead the probe elsewhere",
        ),
        Node::AppProbe => Causes::likely(
            "probe-rewrite",
            "the sidecar's agent asks the application in the kubelet's place, and gets no answer",
        ),
        Node::ProbeMeshed => Causes::possible(
            "probe-rewrite",
            "the kubelet's probe arrives at the sidecar, which wants mutual TLS",
        ),
        Node::WaitForProxy => Causes::likely(
            "app-before-proxy",
            "the pod's start waits for the sidecar, which does not become ready",
        )
        .or(
            "proxy-cannot-reach-istiod",
            "the sidecar may get no configuration",
        ),
        Node::InitNotRoot => Causes::likely(
            "init-iptables",
            "istio-init has to run as root, and may not",
        )
        .or(
            "pod-security-context",
            "the pod's securityContext forbids it",
        ),
        Node::SecurityContext => Causes::likely(
            "pod-security-context",
            "the pod's securityContext keeps the sidecar from running",
        ),
        Node::Unschedulable => Causes::possible(
            "proxy-unschedulable",
            "with the sidecar's requests the pod fits no node",
        ),
        Node::KeepsNode => Causes::likely(
            "autoscaler-safe-to-evict",
            "the sidecar's emptyDir volumes count as local storage",
        ),
    }
}
