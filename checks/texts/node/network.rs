//! Pods whose network cannot be set up. Source: `cni/pkg/plugin` of Istio, `k8snetworkplumbingwg/multus-cni`.

use super::Node;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "network-attachment-definition",
        read: multus,
    },
    Anchor {
        words: "multus",
        read: multus,
    },
    Anchor {
        words: "no network available in the name istio-cni",
        read: multus,
    },
    Anchor {
        words: "plugin type=\"istio-cni\"",
        read: plugin,
    },
    Anchor {
        words: "type=\"istio-cni\"",
        read: plugin,
    },
    Anchor {
        words: "failed to find plugin \"istio-cni\"",
        read: plugin,
    },
    Anchor {
        words: "unable to push cni event",
        read: plugin,
    },
    Anchor {
        words: "failed to contact node istio cni agent",
        read: plugin,
    },
    Anchor {
        words: "istio cni is configured as chained plugin, but",
        read: plugin,
    },
    Anchor {
        words: "to ipset istio-",
        read: plugin,
    },
    Anchor {
        words: "failed container=install-cni",
        read: plugin,
    },
    Anchor {
        words: "failed container install-cni in pod istio-cni",
        read: plugin,
    },
    Anchor {
        words: "istio-cni cmdadd error",
        read: plugin,
    },
    Anchor {
        words: "istio-cni cmdadd failed",
        read: plugin,
    },
    Anchor {
        words: "nsenter: failed to execute",
        read: script,
    },
    Anchor {
        words: "failed to create pod sandbox",
        read: sandbox,
    },
    Anchor {
        words: "failed create pod sandbox",
        read: sandbox,
    },
    Anchor {
        words: "failed to create pod network sandbox",
        read: sandbox,
    },
    Anchor {
        words: "networkplugin cni failed",
        read: sandbox,
    },
];

/// `cannot find a network-attachment-definition (istio-cni) in namespace (default)`: only what is missing has a namespace.
fn multus(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    if let Some(namespace) = message.after("in namespace (") {
        values.add(Key::Namespace, namespace.until(")"));
    }
    let reading = values.into_reading(What::Node(Node::Multus), head.at.start, message.end());
    head.around().has("istio").then_some(reading)
}

fn plugin(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    // Multus calls other plugins by itself, and its setup is another matter.
    if head.before().has("multus") {
        return None;
    }
    let message = head.message();
    if let Some(reason) = message.after("failed (add): ") {
        values.add(Key::Reason, reason.trim());
    }
    if let Some((path, _)) = message
        .split("in path [")
        .and_then(|(_, path)| path.split("]"))
    {
        values.add(Key::Path, path);
    }
    Some(values.into_reading(What::Node(Node::CniPlugin), head.at.start, message.end()))
}

/// Early versions of the plugin run a script in the network of the pod: `nsenter: failed to execute
/// /opt/cni/bin/istio-iptables.sh: No such file or directory`.
fn script(head: &Head) -> Option<Reading> {
    let is_own = head.message().has("istio-iptables");
    is_own.then(|| plugin(head)).flatten()
}

fn sandbox(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    const SIGNS: &[&str] = &["istio-cni", "interceptionmode", "istio cni", "redirect"];
    if !SIGNS.iter().any(|sign| message.has(sign)) || message.has("multus") {
        return None;
    }
    values.add(Key::Reason, message.strip(":").unwrap_or(message).trim());
    Some(values.into_reading(What::Node(Node::CniPlugin), head.at.start, message.end()))
}
