//! The settings of kube-apiserver, which stand in a file on its node.

use crate::facts::kinds::Pod;
use crate::report::{Command, Fix, Risk};
use crate::way::{Case, Platform};

/// The manifest of kube-apiserver where kubeadm puts it.
const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// Of what a setting of kube-apiserver is a part.
#[derive(Clone, Copy, Debug)]
pub enum ApiServerSetting {
    /// Its flags.
    Flags,
    /// Its environment.
    Environment,
}

impl ApiServerSetting {
    /// The fields of the container that show it, in kubectl's JSONPath.
    const fn fields(self) -> &'static str {
        match self {
            Self::Flags => "['command','args']",
            Self::Environment => ".env",
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

    /// Where it stands on platforms that write the API server's pod themselves, or have none, and the service to restart
    /// after a change; none on other platforms.
    ///
    /// Source: K3s and RKE2, "Advanced Options and Configuration", on the HTTP proxy and on `kube-apiserver-arg`.
    const fn of_service(self, platform: Platform) -> Option<(&'static str, &'static str)> {
        Some(match (platform, self) {
            (Platform::K3s, Self::Environment) => ("/etc/systemd/system/k3s.service.env", "k3s"),
            (Platform::K3s, Self::Flags) => {
                ("kube-apiserver-arg of /etc/rancher/k3s/config.yaml", "k3s")
            }
            (Platform::Rke2, Self::Environment) => ("/etc/default/rke2-server", "rke2-server"),
            (Platform::Rke2, Self::Flags) => (
                "kube-apiserver-arg of /etc/rancher/rke2/config.yaml",
                "rke2-server",
            ),
            _ => return None,
        })
    }
}

/// A change of the settings of an API server whose pod is seen, in words, made by hand on its node; with the command that
/// shows what the pod runs with.
pub fn change_api_server(
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
    let (place, restart) = match platform.and_then(|platform| setting.of_service(platform)) {
        Some((place, service)) => (
            format!("{place}, and run systemctl restart {service}"),
            format!("{service} restarts kube-apiserver, and writes its manifest"),
        ),
        None => (
            MANIFEST.to_owned(),
            "the kubelet restarts kube-apiserver".to_owned(),
        ),
    };
    let lasts = match platform {
        Some(Platform::Kubeadm) => format!(
            "; kubeadm upgrade writes the file anew, with what {} says",
            setting.source()
        ),
        _ => String::new(),
    };
    let mut fix = Fix::new(
        format!("on node {node}, {change} in {place}"),
        Risk::MeshWide,
        format!(
            "{restart}, which then {then}; {} shows what it runs with{lasts}",
            match platform {
                Some(Platform::Kind) => "the last command",
                _ => "the command",
            }
        ),
    );
    if platform == Some(Platform::Kind) {
        let (here, there) = ("kube-apiserver.yaml", &format!("{node}:{MANIFEST}"));
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
        &format!("jsonpath={{.spec.containers[*]{}}}", setting.fields()),
    ]))
}

/// Where the environment of API servers is set whose pods cannot be seen, NO_PROXY among it.
///
/// Source: Microsoft, "HTTP proxy support in AKS"; Red Hat, "Configuring the cluster-wide proxy".
pub fn environment_out_of_sight(case: &Case) -> String {
    let platform = Platform::of(case, &[]);
    let of_service = |platform| ApiServerSetting::Environment.of_service(platform);
    match (platform, platform.and_then(of_service)) {
        (_, Some((file, service))) => {
            format!("in {file} of each server, and run systemctl restart {service}")
        }
        (Some(Platform::Aks), _) => {
            "in noProxy of the file for az aks update --http-proxy-config".to_owned()
        }
        (Some(Platform::OpenShift), _) => "in spec.noProxy: oc edit proxy/cluster".to_owned(),
        _ => format!(
            "on your own control plane in {MANIFEST}, of a managed cluster in the provider's settings"
        ),
    }
}
