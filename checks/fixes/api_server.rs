//! The settings of kube-apiserver, which stand in a file on its node.

use crate::facts::kinds::Pod;
use crate::report::{Command, Fix, Risk};
use crate::way::{Case, Platform};

/// The manifest of kube-apiserver where kubeadm puts it.
pub const API_SERVER_MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// Of what a setting of kube-apiserver is a part.
#[derive(Clone, Copy, Debug)]
pub enum ApiServerSetting {
    /// Its flags.
    Flags,
    /// Its environment.
    Environment,
}

impl ApiServerSetting {
    /// The field of the container that shows it.
    const fn field(self) -> &'static str {
        match self {
            Self::Flags => "command",
            Self::Environment => "env",
        }
    }

    /// From where kubeadm takes it whenever it writes the manifest.
    ///
    /// Source: Kubernetes 1.36, `cmd/kubeadm/app/phases/controlplane/manifests.go` (`apiServer.extraArgs`) and
    /// `cmd/kubeadm/app/util/env.go` (the proxy's variables).
    const fn source(self) -> &'static str {
        match self {
            Self::Flags => "apiServer.extraArgs in ConfigMap kubeadm-config",
            Self::Environment => "the environment in which it is run",
        }
    }
}

/// A change of the manifest of an API server's pod, in words, made by hand; with the command that shows what the pod runs with.
pub fn change_manifest(
    case: &Case,
    pod: &Pod,
    setting: ApiServerSetting,
    change: &str,
    then: &str,
) -> Fix {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("kube-system");
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    let node = node.unwrap_or_else(|| name.trim_start_matches("kube-apiserver-"));
    let platform = Platform::of(case, &[]);
    let lasts = match platform {
        Some(Platform::Kubeadm) => format!(
            "; kubeadm upgrade writes the file anew, with what {} says",
            setting.source()
        ),
        _ => String::new(),
    };
    let mut fix = Fix::new(
        format!("on node {node}, {change} in {API_SERVER_MANIFEST}"),
        Risk::MeshWide,
        format!(
            "the kubelet restarts kube-apiserver, which then {then}; {} shows what it runs with{lasts}",
            match platform {
                Some(Platform::Kind) => "the last command",
                _ => "the command",
            }
        ),
    );
    if platform == Some(Platform::Kind) {
        let (here, there) = (
            "kube-apiserver.yaml",
            &format!("{node}:{API_SERVER_MANIFEST}"),
        );
        let why = "the file is changed by hand";
        fix = fix
            .unforeseen(Command::docker(["cp", there, here]), why)
            .unforeseen(Command::vi(here), why)
            .unforeseen(Command::docker(["cp", here, there]), why);
    }
    fix.show(Command::kubectl([
        "get",
        "pod",
        name,
        "-n",
        namespace,
        "-o",
        &format!("jsonpath={{.spec.containers[*].{}}}", setting.field()),
    ]))
}
