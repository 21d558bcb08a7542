//! An obstacle explained: why it is one, what that rests on, and what clears it away.

use std::fmt;

use crate::causes::Check;
use crate::facts::Missing;
use crate::report::{Evidence, Fix};
use crate::way::{Case, Destination};

/// An obstacle explained.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The check whose finding it is; none where no check knows the obstacle yet.
    pub by: Option<&'static Check>,
    /// Why the call does not arrive: the obstacle's own sentence, and its cause.
    pub message: String,
    /// The check that finds the cause, where that is a finding of its own.
    pub because: Option<&'static Check>,
    /// What that rests on, the decisive field first.
    pub evidence: Vec<Evidence>,
    /// What clears it away, the best first.
    pub fixes: Vec<Fix>,
}

/// The cause of an obstacle.
#[derive(Clone, Debug)]
pub struct Cause {
    /// A clause that may stand after "because".
    pub words: String,
    /// What it rests on, the decisive field first.
    pub evidence: Vec<Evidence>,
    /// What clears it away, the best first.
    pub fixes: Vec<Fix>,
}

impl Explanation {
    /// An explanation without evidence and fixes yet.
    pub fn new(by: &'static Check, message: String) -> Self {
        Self {
            by: Some(by),
            message,
            because: None,
            evidence: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// An obstacle and its cause.
    pub fn because(by: &'static Check, obstacle: &impl fmt::Display, cause: Cause) -> Self {
        Self::new(by, format!("{obstacle} because {}", cause.words))
            .evidence(cause.evidence)
            .fixes(cause.fixes)
    }

    /// An obstacle in its own words, which is all that is known of it.
    pub fn of(obstacle: &impl fmt::Display) -> Self {
        Self {
            by: None,
            message: obstacle.to_string(),
            because: None,
            evidence: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// What it rests on.
    pub fn evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// What clears it away.
    pub fn fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        self.fixes.extend(fixes);
        self
    }

    /// Whether it is the finding of this check.
    pub fn is_by(&self, check: &Check) -> bool {
        self.by.is_some_and(|by| by.code == check.code)
    }
}

/// An obstacle that can be explained.
pub trait Explain {
    /// The explanation: the same words, evidence and fixes for the check that finds the obstacle and
    /// for webhook-fail-open, which is because of it.
    ///
    /// # Errors
    /// [`Missing`] where what tells the causes apart was not read.
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing>;
}

/// An object of a namespace in kubectl's words: `service/istiod -n istio-system`.
pub fn object(kind: &str, name: &str, namespace: &str) -> String {
    format!("{kind}/{name} -n {namespace}")
}
