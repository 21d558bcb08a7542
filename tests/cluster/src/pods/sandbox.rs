//! What all containers of a pod share: its network, its volumes and who answers for names.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde_json::Value;

use super::network::Network;
use super::objects::Objects;
use super::volumes::{self, Volumes};
use crate::dns;
use crate::json::{list, text};
use crate::kubelet::NODE_IP;
use crate::scenario::Pods;
use crate::tools::Tools;

/// The sandbox of one pod.
pub(super) struct Sandbox {
    /// With its addresses.
    pub(super) pod: Value,
    pub(super) ip: Ipv4Addr,
    pub(super) folder: PathBuf,
    pub(super) objects: Objects,
    pub(super) tools: Tools,
    pub(super) network: Network,
    pub(super) volumes: Volumes,
}

/// The reason of an event, and its words.
pub(super) type Complaint = (&'static str, String);

impl Sandbox {
    /// Makes the volumes, and then the network, unless there are words why it has none.
    pub(super) fn create(
        pod: &Value,
        ip: Ipv4Addr,
        folder: PathBuf,
        objects: Objects,
        tools: Tools,
        pods: &Pods,
    ) -> Result<Self, Complaint> {
        let volumes = volumes::mount(pod, &objects, &folder.join("volumes"))
            .map_err(|words| ("FailedMount", words))?;
        let failed = |error: &dyn std::fmt::Display| {
            let words = format!("Failed to create pod sandbox: {error}");
            ("FailedCreatePodSandBox", words)
        };
        // Pods in the node's network take no plugin.
        if let Some(words) = &pods.sandbox
            && ip != NODE_IP
        {
            return Err(failed(words));
        }
        let network = Network::create(ip).map_err(|error| failed(&format!("{error:#}")))?;
        for sysctl in list(pod, "/spec/securityContext/sysctls") {
            let (name, value) = (text(sysctl, "/name"), text(sysctl, "/value"));
            network
                .set(name, value)
                .map_err(|error| failed(&format!("{error:#}")))?;
        }
        if pods.cni {
            redirect(pod, &network, &tools).map_err(|error| failed(&format!("{error:#}")))?;
        }
        for (name, content) in [("hosts", hosts(pod, ip)), ("resolv.conf", resolver(pod))] {
            fs::write(folder.join(name), content).map_err(|error| failed(&error))?;
        }
        Ok(Self {
            pod: pod.clone(),
            ip,
            folder,
            objects,
            tools,
            network,
            volumes,
        })
    }
}

/// Does what Istio's CNI plugin does: istio-validation has the arguments with which istio-init would redirect the traffic.
/// Istio 1.31: `cni/pkg/plugin/iptables_linux.go`.
fn redirect(pod: &Value, network: &Network, tools: &Tools) -> anyhow::Result<()> {
    let mut inits = list(pod, "/spec/initContainers").iter();
    let Some(validation) = inits.find(|one| text(one, "/name") == "istio-validation") else {
        return Ok(());
    };
    let arguments = list(validation, "/args").iter().filter_map(Value::as_str);
    let program = tools.program("pilot-agent");
    network.run(
        &program,
        arguments.filter(|one| !["--run-validation", "--skip-rule-apply"].contains(one)),
    )
}

/// Kubernetes 1.36: `nodeHostsFileContent` and `managedHostsFileContent` in `pkg/kubelet/kubelet_pods.go`.
fn hosts(pod: &Value, ip: Ipv4Addr) -> String {
    let name = text(pod, "/metadata/name");
    let mut hosts = format!("127.0.0.1\tlocalhost\n{ip}\t{name}\n");
    for alias in list(pod, "/spec/hostAliases") {
        let names = list(alias, "/hostnames").iter().filter_map(Value::as_str);
        let names = names.collect::<Vec<_>>().join("\t");
        hosts.push_str(&format!("{}\t{names}\n", text(alias, "/ip")));
    }
    hosts
}

/// Kubernetes 1.36: `GetPodDNS` in `pkg/kubelet/network/dns/dns.go`. The node's own resolver knows no name.
fn resolver(pod: &Value) -> String {
    let namespace = text(pod, "/metadata/namespace");
    let strings = |field: &str| {
        let entries = list(pod, &format!("/spec/dnsConfig/{field}")).iter();
        entries
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut servers = strings("nameservers");
    let mut searches = strings("searches");
    match text(pod, "/spec/dnsPolicy") {
        "ClusterFirst" | "ClusterFirstWithHostNet" => {
            servers.insert(0, dns::ADDRESS.to_string());
            let domains = [&format!("{namespace}.svc."), "svc.", ""];
            let domains = domains.map(|part| format!("{part}cluster.local"));
            searches.splice(0..0, domains);
        }
        "Default" => servers.insert(0, Ipv4Addr::LOCALHOST.to_string()),
        _ => {}
    }
    let mut lines = Vec::new();
    if !searches.is_empty() {
        lines.push(format!("search {}", searches.join(" ")));
    }
    lines.extend(servers.iter().map(|server| format!("nameserver {server}")));
    lines.push("options ndots:5\n".to_owned());
    lines.join("\n")
}
