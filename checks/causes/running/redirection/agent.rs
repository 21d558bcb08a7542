//! The agent of the CNI plugin, in words and commands.

use crate::facts::kinds::Pod;
use crate::report::{Command, Fix, Risk};
use crate::way::running::{Agent, node};

/// How the agent fares on the node of a pod, as a clause.
pub fn in_words(agent: Agent, pod: &Pod) -> String {
    let node = node(pod).unwrap_or_default();
    match agent {
        Agent::Ready { pod, since } => {
            let since = since.map_or(String::new(), |since| format!(" since {since}"));
            format!(
                "its agent on node {node}, pod {}, is ready{since}",
                name(pod)
            )
        }
        Agent::Unready(pod) => format!("its agent on node {node}, pod {}, is not ready", name(pod)),
        Agent::Elsewhere => format!("its agent runs on other nodes, and not on node {node}"),
        Agent::Unseen => "no agent of it runs beside istiod".to_owned(),
    }
}

/// Shows why the agent is not there, or what it says.
pub fn look(agent: Agent, pod: &Pod) -> Fix {
    let fix = |title: &str| {
        Fix::new(
            title,
            Risk::ReadOnly,
            "nothing: it shows how the agent fares",
        )
    };
    match agent {
        Agent::Ready { pod, .. } | Agent::Unready(pod) => {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            let own = [name(pod), "-n", namespace];
            let log = ["logs"].into_iter().chain(own).chain(["--tail=50"]);
            fix("see what the agent says")
                .show(Command::kubectl(["describe", "pod"].into_iter().chain(own)))
                .show(Command::kubectl(log))
        }
        Agent::Elsewhere | Agent::Unseen => {
            let agents = "get daemonsets -A -l k8s-app=istio-cni-node";
            let fix = fix("see where the agent runs, and what keeps it from the node")
                .show(Command::kubectl(agents.split(' ')));
            match node(pod) {
                Some(node) => fix.show(Command::kubectl(["describe", "node", node])),
                None => fix,
            }
        }
    }
}

fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}
