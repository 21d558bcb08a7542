//! The causes of what the sidecar says.

use super::Causes;
use crate::texts::{Proxy, Surroundings};

pub(super) fn causes(proxy: Proxy, surroundings: &Surroundings) -> Causes {
    match proxy {
        Proxy::NoConfiguration => Causes::likely("proxy-cannot-reach-istiod", "the sidecar gets nothing from istiod"),
        Proxy::NoName => Causes::likely("proxy-cannot-reach-istiod", "the name of istiod does not resolve in the pod")
            .or("proxy-dns", "the pod's dnsPolicy may keep it from the cluster's names"),
        Proxy::Unauthenticated => Causes::certain("proxy-unauthenticated", "istiod does not take the sidecar's token"),
        Proxy::TokenUnreadable => Causes::certain("proxy-unauthenticated", "the sidecar cannot read its token")
            .or("pod-security-context", "the pod's fsGroup or runAsUser may keep it from the file"),
        Proxy::RootMismatch => Causes::certain("proxy-root-mismatch", "the sidecar does not trust istiod's certificate"),
        Proxy::CertificateName => Causes::likely("certificate-name", "istiod's certificate is not for the name that the sidecar calls")
            .or("proxy-root-mismatch", "another istiod may answer"),
        Proxy::CertificateExpired => Causes::certain("certificate-expired", "a certificate has expired or is not yet valid, or a clock is wrong"),
        Proxy::Rejected => Causes::certain("proxy-rejected-config", "Envoy rejects what istiod sends"),
        Proxy::PrivilegedPort => Causes::certain("privileged-port", "Envoy has no right to ports below 1024"),
        Proxy::PortTaken => Causes::likely("reserved-port", "an application or a Service uses a port that the sidecar needs")
            .or("proxy-rejected-config", "istiod may send two listeners for the port"),
        Proxy::NotStarted => Causes::possible("app-before-proxy", "Envoy does not run yet")
            .or("proxy-cannot-reach-istiod", "it may wait for its first configuration"),
        Proxy::Iptables if surroundings.mesh => Causes::certain("init-iptables", "istio-init cannot write its rules"),
        Proxy::Iptables => Causes::likely("init-iptables", "iptables cannot write its rules, as istio-init has to"),
        Proxy::NotRedirected => Causes::certain("cni-not-applied", "istio-validation finds no redirection: the CNI plugin did not set up the pod"),
        Proxy::InitContainerNetwork => Causes::possible(
            "init-container-network",
            "a container that runs before the sidecar has no network where redirection is set up already",
        )
        .or("app-before-proxy", "the application may start before the sidecar"),
        Proxy::CaptureDenied if surroundings.mesh => Causes::certain("tcpdump-not-permitted", "the sidecar has no right to capture packets"),
        Proxy::CaptureDenied => Causes::likely("tcpdump-not-permitted", "a sidecar has no right to capture packets"),
    }
}
