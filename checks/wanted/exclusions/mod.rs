//! Pods that istiod never injects, whatever asks for it: `kube-system` and its like, and hostNetwork.

crate::check::checks! { host_network, namespace_ignored }
