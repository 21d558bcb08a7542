//! What a check found.

use super::{Evidence, Fix};
use crate::way::Outcome;

/// How much a finding contradicts what somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nobody asked for anything else, or it is so by design.
    Info,
    /// Somebody asked for injection, in a label or an annotation, and does not get it; or the reverse.
    Warning,
    /// Pods are rejected, or others break.
    Error,
}

/// Which answer a finding explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is why the next pod will fare as predicted, if that is the prediction.
    Decides(Outcome),
    /// It is why the pods that exist fare otherwise than the next one will.
    Differs(Difference),
    /// It is why pods that exist are not ready.
    NotReady,
    /// It is worth knowing, but explains none of that.
    Beside,
}

/// How the pods that exist differ from the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// They have no sidecar, and the next one gets it.
    NoSidecar,
    /// They have a sidecar, and the next one will not.
    LosesSidecar,
    /// They have the sidecar of another revision.
    OtherRevision,
    /// They have a sidecar of another version.
    OtherVersion,
}

impl Difference {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::NoSidecar,
        Self::LosesSidecar,
        Self::OtherRevision,
        Self::OtherVersion,
    ];
}

/// One finding of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How much it contradicts what somebody wants.
    pub severity: Severity,
    /// Which answer it explains.
    pub effect: Effect,
    /// What is wrong and why that matters here: lower case, no final period, naming object and value.
    pub message: String,
    /// The name of the check that finds what this is because of, where that is a finding of its own.
    pub because: Option<&'static str>,
    /// The fields it rests on, the decisive one first.
    pub evidence: Vec<Evidence>,
    /// What heals it, the best first.
    pub fixes: Vec<Fix>,
}

impl Finding {
    /// A finding without evidence and fixes yet.
    pub fn new(severity: Severity, effect: Effect, message: impl Into<String>) -> Self {
        Self {
            severity,
            effect,
            message: message.into(),
            because: None,
            evidence: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// One more field it rests on.
    pub fn evidence(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// One more way to heal it.
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }
}
