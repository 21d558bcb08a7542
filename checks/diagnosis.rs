//! The answer about one subject.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::causes::Check;
use crate::facts::{Kind, Missing, Owner, Target, Unread};
use crate::report::Finding;
use crate::root_cause;
use crate::symptoms::Symptom;
use crate::way::{
    AmbientBy, Assumption, Moment, Observation, Outcome, Prediction, Seen, WebhookRow,
};

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
    NotApplicable(Cow<'static, str>),
}

/// One check and what came of it.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// The check.
    pub check: &'static Check,
    /// What came of it.
    pub status: Status,
}

/// The causes that the findings of many subjects have in common, numbered as they come.
///
/// Two findings of a check are of one cause if their decisive evidence is the same field of the same
/// object: a broken webhook breaks a thousand workloads. Of one namespace, findings about the workloads
/// themselves are of one cause, and so are those about several fields of one other object; what rests on
/// two other objects, such as two Services, are two causes.
#[derive(Debug, Default)]
pub struct Causes {
    by_evidence: HashMap<(&'static str, bool, String, String), usize>,
    by_namespace: HashMap<(&'static str, bool, String, Option<String>), usize>,
    number: usize,
}

impl Causes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.number
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.number == 0
    }

    /// The number of a finding's cause, a new one where it is not known yet. The root cause of one target
    /// is told apart from what is found beside another.
    pub fn number(
        &mut self,
        target: &Target,
        check: &'static Check,
        is_root: bool,
        finding: &Finding,
    ) -> usize {
        let decisive = finding.evidence.first();
        let evidence =
            decisive.map(|one| (check.code, is_root, one.object.clone(), one.path.clone()));
        let shared = decisive.filter(|one| one.is_shared());
        let shared = shared.map(|one| one.object.clone());
        let namespace = (check.code, is_root, target.namespace.clone(), shared);
        let known = evidence
            .as_ref()
            .and_then(|key| self.by_evidence.get(key))
            .or_else(|| self.by_namespace.get(&namespace))
            .copied();
        let number = known.unwrap_or(self.number);
        self.number = self.number.max(number + 1);
        if let Some(key) = evidence {
            self.by_evidence.entry(key).or_insert(number);
        }
        self.by_namespace.entry(namespace).or_insert(number);
        number
    }

    /// The places of the findings whose cause is new. Webhook configurations have none: what mends these is not tried.
    pub(crate) fn new_in(&mut self, diagnosis: &Diagnosis) -> Vec<usize> {
        let (target, known) = (&diagnosis.target, self.number);
        if target.kind == Kind::MutatingWebhookConfiguration {
            return Vec::new();
        }
        let is_root = |place| place == 0 && diagnosis.root_cause.is_some();
        let findings = diagnosis.findings.iter().enumerate();
        let new = findings.filter(|(place, (check, finding))| {
            self.number(target, check, is_root(*place), finding) >= known
        });
        new.map(|(place, _)| place).collect()
    }
}

/// The answer about one subject.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What it is about.
    pub target: Target,
    /// What the API server and istiod will do with the next pod; none for a webhook configuration.
    pub predicted: Option<Prediction>,
    /// What the prediction takes for granted, because it cannot be known or is not evaluated.
    pub assumptions: Vec<Assumption>,
    /// Whose label asks for the ambient data plane, where no sidecar keeps the next pod out of it; none for a webhook
    /// configuration, and where that is not known.
    pub ambient: Option<AmbientBy>,
    /// Who controls the object that makes the pods, where that one's template is not known.
    pub owner: Option<Owner>,
    /// How the pods fare that exist; none for a webhook configuration.
    pub observed: Option<Observation>,
    /// For a webhook configuration, a row for each injection entry; else empty.
    pub webhooks: Vec<WebhookRow>,
    /// What is wrong, the worst first; empty for a webhook configuration.
    pub symptoms: Vec<Symptom>,
    /// What happened to a pod and to what decides about it, in the order of time; empty where no pod was read as a whole.
    pub timeline: Vec<Moment>,
    /// The check whose finding is the root cause: that of the worst symptom.
    pub root_cause: Option<&'static Check>,
    /// All findings: the root cause first, then along the pod's way.
    pub findings: Vec<(&'static Check, Finding)>,
    /// Every check in the order of the registry.
    pub checks: Vec<CheckResult>,
    /// The reads that were refused or failed.
    pub unread: Vec<Unread>,
}

impl Diagnosis {
    /// The answer about a subject of which nothing is known yet.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            predicted: None,
            assumptions: Vec::new(),
            ambient: None,
            owner: None,
            observed: None,
            webhooks: Vec::new(),
            symptoms: Vec::new(),
            timeline: Vec::new(),
            root_cause: None,
            findings: Vec::new(),
            checks: Vec::new(),
            unread: Vec::new(),
        }
    }

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
