//! What a text is about besides its errors: words around them that tell causes apart.

use super::words::{floor, has, has_word};

/// As much of a text is looked at, at its beginning.
const LOOKED_AT: usize = 20_000;

/// What the words around an error tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The mesh or the sidecar is named.
    pub mesh: bool,
    /// A managed control plane, whose network is not that of the nodes.
    pub managed: bool,
    /// Nodes or pods are being replaced.
    pub replaced: bool,
}

const MESH: &[&str] = &[
    "istio",
    "sidecar",
    "envoy",
    "pilot-agent",
    "xdsproxy",
    "citadelclient",
];
const MANAGED: &[&str] = &["EKS", "GKE", "AKS", "OKE", "ACK", "TKE"];
const MANAGED_WORDS: &[&str] = &[
    "private cluster",
    "security group",
    "terraform-aws",
    "terraform-google",
    "firewall",
];
const REPLACED: &[&str] = &[
    "rolling upgrade",
    "rolling update",
    "rolling restart",
    "node drain",
    "drained",
    "preempt",
    "spot instance",
    "node was terminated",
    "node termination",
    "node is replaced",
    "node replacement",
    "scale down",
    "after a node",
];

impl Surroundings {
    pub(super) fn of(text: &str) -> Self {
        let text = text.get(..floor(text, LOOKED_AT)).unwrap_or(text);
        let any = |words: &[&str]| words.iter().any(|words| has(text, words));
        Self {
            mesh: any(MESH),
            managed: MANAGED.iter().any(|word| has_word(text, word)) || any(MANAGED_WORDS),
            replaced: any(REPLACED),
        }
    }
}
