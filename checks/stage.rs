//! The stages of a pod's way.

/// The stages of a pod's way, and the mesh that it goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// What concerns the mesh as a whole, or the reading of it.
    Mesh,
    /// The API server calls an injection webhook for the pod.
    Called,
    /// The call reaches istiod, and both trust each other.
    Reached,
    /// istiod wants to inject the pod.
    Wanted,
    /// istiod can render the sidecar for the pod.
    Rendered,
    /// The API server admits the pod as it is injected.
    Admitted,
    /// The pod starts, and its proxy works.
    Running,
}

impl Stage {
    /// All stages, in the order of their digits.
    pub const ALL: [Self; 7] = [
        Self::Mesh,
        Self::Called,
        Self::Reached,
        Self::Wanted,
        Self::Rendered,
        Self::Admitted,
        Self::Running,
    ];

    /// The stage's name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mesh => "mesh",
            Self::Called => "called",
            Self::Reached => "reached",
            Self::Wanted => "wanted",
            Self::Rendered => "rendered",
            Self::Admitted => "admitted",
            Self::Running => "running",
        }
    }

    /// The first digit of the codes of its checks.
    pub const fn digit(self) -> u8 {
        match self {
            Self::Mesh => 0,
            Self::Called => 1,
            Self::Reached => 2,
            Self::Wanted => 3,
            Self::Rendered => 4,
            Self::Admitted => 5,
            Self::Running => 6,
        }
    }
}
