//! Containers that cannot start, pods that find no node, and nodes that are kept by them.

use super::Node;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "exec format error",
        read: exec_format,
    },
    Anchor {
        words: "breaks non-root policy",
        read: not_root,
    },
    Anchor {
        words: "image will run as root",
        read: not_root,
    },
    Anchor {
        words: "cannot verify user is non-root",
        read: not_root,
    },
    Anchor {
        words: "pilot-agent wait",
        read: wait,
    },
    Anchor {
        words: "timeout waiting for envoy proxy to become ready",
        read: wait,
    },
    Anchor {
        words: "nodes are available",
        read: unschedulable,
    },
    Anchor {
        words: "has.local.storage",
        read: keeps_node,
    },
    Anchor {
        words: "local storage present",
        read: keeps_node,
    },
    Anchor {
        words: "read-only file system",
        read: unwritable,
    },
    Anchor {
        words: "permission denied",
        read: unwritable,
    },
    Anchor {
        words: "bind: no such file or directory",
        read: unwritable,
    },
];

/// Programs of Istio's images.
const PROGRAMS: &[&str] = &[
    "pilot-agent",
    "pilot-discovery",
    "envoy",
    "install-cni",
    "istio",
    "ztunnel",
    "proxyv2",
];

fn exec_format(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let message = Part::of(head.text, before.at..head.message().end());
    let program = PROGRAMS.iter().find_map(|name| message.text.find(name))?;
    values.add(Key::Program, message.cut(program).1.word().0);
    Some(values.into_reading(What::Node(Node::ExecFormat), head.at.start, head.at.end))
}

/// Source: `pkg/kubelet/kuberuntime/security_context.go` of Kubernetes (1.16 to 1.36), which names pod and container.
fn not_root(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let named = message.after("container: ").map(|part| part.word().0);
    if let Some(name) = named {
        values.add(Key::Container, name);
    }
    let node = match named.map(|name| name.text) {
        Some("istio-proxy" | "istio-validation") => Node::SecurityContext,
        Some("istio-init") => Node::InitNotRoot,
        None if head.words().has("policy") || head.surroundings.mesh => Node::InitNotRoot,
        _ => return None,
    };
    Some(values.into_reading(What::Node(node), head.at.start, head.at.end))
}

fn wait(head: &Head) -> Option<Reading> {
    let around = head.around();
    let fails = ["fail", "exited with", "error", "timeout"]
        .iter()
        .any(|sign| around.has(sign));
    fails.then(|| {
        Values::default().into_reading(
            What::Node(Node::WaitForProxy),
            head.at.start,
            head.message().end(),
        )
    })
}

fn unschedulable(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (_, missing) = message.split("Insufficient ")?;
    if !head.surroundings.mesh {
        return None;
    }
    values.add(Key::Resource, missing.word().0);
    Some(values.into_reading(
        What::Node(Node::Unschedulable),
        head.at.start,
        message.end(),
    ))
}

/// `Node NODE cannot be removed: pod with local storage present: POD`.
/// Source: Cluster Autoscaler 1.37, `cluster-autoscaler/simulator/cluster.go` and, below that,
/// `drainability/rules/localstorage/rule.go`.
fn keeps_node(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let named = head.rest().strip(":").map(|rest| rest.word().0);
    if let Some(pod) = named {
        values.add(Key::Pod, pod);
    }
    let end = named.map_or(head.at.end, Part::end);
    let around = head.around();
    let is_autoscaler = [
        "scale.down",
        "scale down",
        "cannot be removed",
        "not be removed",
        "evict",
    ]
    .iter()
    .any(|sign| around.has(sign));
    (is_autoscaler && head.surroundings.mesh)
        .then(|| values.into_reading(What::Node(Node::KeepsNode), head.at.start, end))
}

/// A file or socket that the sidecar has to write, in a folder that it may not write.
fn unwritable(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    // The agent's own paths are relative.
    let path = [
        "etc/istio/",
        "var/lib/istio",
        "var/run/secrets/workload-spiffe",
    ]
    .iter()
    .find_map(|path| before.text.rfind(path))?;
    values.add(Key::Path, before.cut(path).1.word().0);
    let start = Part::of(head.text, head.at.clone()).at;
    Some(values.into_reading(What::Node(Node::SecurityContext), start, head.at.end))
}
