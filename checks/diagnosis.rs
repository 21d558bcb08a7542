//! The answer about one subject.

use crate::causes::Check;
use crate::facts::{Missing, Target, Unread};
use crate::report::Finding;
use crate::root_cause;
use crate::way::{Observation, Outcome, Prediction, Seen, WebhookRow};

/// What came of one check.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Everything it needs was read, and nothing is wrong.
    Passed,
    /// It found something.
    Failed,
    /// A fact it needs was not read.
    Unknown(Missing),
    /// It does not concern this subject, with the reason.
    NotApplicable(String),
}

/// One check and what came of it.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// The check.
    pub check: &'static Check,
    /// What came of it.
    pub status: Status,
}

/// The answer about one subject.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What it is about.
    pub target: Target,
    /// What the API server and istiod will do with the next pod; none for a webhook configuration.
    pub predicted: Option<Prediction>,
    /// How the pods fare that exist; none for a webhook configuration.
    pub observed: Option<Observation>,
    /// For a webhook configuration, a row for each injection entry; else empty.
    pub webhooks: Vec<WebhookRow>,
    /// The check whose finding is the root cause.
    pub root_cause: Option<&'static Check>,
    /// All findings: the root cause first, then along the pod's way.
    pub findings: Vec<(&'static Check, Finding)>,
    /// Every check in the order of the registry.
    pub checks: Vec<CheckResult>,
    /// The reads that were refused or failed.
    pub unread: Vec<Unread>,
}

impl Diagnosis {
    /// Whether the facts were too few for a verdict: on the next pod, or on those that exist.
    pub fn is_unknown(&self) -> bool {
        let observed = self.observed.as_ref();
        match &self.predicted {
            Some(predicted) => {
                predicted.outcome == Outcome::Unknown
                    || observed.is_some_and(|observed| observed.outcome == Seen::Unknown)
            }
            None => self
                .checks
                .iter()
                .any(|result| matches!(result.status, Status::Unknown(_))),
        }
    }

    /// Whether the findings of a check are told with the root cause: see [`root_cause`].
    pub fn follows(&self, check: &Check) -> bool {
        self.root_cause
            .is_some_and(|root| root_cause::tells(root, check, &self.findings))
    }
}
