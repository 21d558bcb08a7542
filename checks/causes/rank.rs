//! Which of several findings explains the others.

/// What a finding lays the fate of the pod to. Of several that decide the same, the one that stands
/// first here is the cause, and those after it follow: a label of the namespace does not matter where
/// no webhook is left to look at it, and that nobody asks does not where somebody asks in vain.
///
/// Findings of one rank stand for themselves; the first on the pod's way is the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Pods like this one are left out, whatever asks for them.
    Excluded,
    /// The webhooks are not as they should be, whatever labels ask for.
    Webhooks,
    /// Two labels or annotations want different things, and one of them wins.
    Contradiction,
    /// What the pod itself says, whatever its namespace says.
    Pod,
    /// Anything else.
    Plain,
    /// Nobody asks.
    Silence,
}
