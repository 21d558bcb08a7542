//! The vocabulary of the decision procedure.

use std::fmt;

use jiff::Timestamp;

use crate::facts::{Missing, Readiness};
use crate::stage::Stage;
use crate::texts;

/// What the API server and istiod will do with the next pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is admitted with the sidecar.
    Injected,
    /// It is admitted without the sidecar.
    NotInjected,
    /// Its creation is refused.
    Rejected,
    /// The facts were too few to tell.
    Unknown,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The answer to one question of the procedure, each with its "because".
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<Y, N> {
    /// It is so.
    Yes(Y),
    /// It is not so.
    No(N),
    /// A fact is missing.
    Unknown(Missing),
}

impl<Y, N> Answer<Y, N> {
    /// Whether it is known to be so.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    /// The reason why it is not so.
    pub fn no(&self) -> Option<&N> {
        match self {
            Self::No(reason) => Some(reason),
            _ => None,
        }
    }

    /// The answer, or the missing fact as an error.
    ///
    /// # Errors
    /// [`Missing`] where it is unknown.
    pub fn known(&self) -> Result<&Self, Missing> {
        match self {
            Self::Unknown(missing) => Err(missing.clone()),
            answer => Ok(answer),
        }
    }

    /// `yes`, `no` or `unknown`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Yes(_) => "yes",
            Self::No(_) => "no",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The because.
impl<Y: fmt::Display, N: fmt::Display> fmt::Display for Answer<Y, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes(reason) => reason.fmt(f),
            Self::No(reason) => reason.fmt(f),
            Self::Unknown(missing) => missing.fmt(f),
        }
    }
}

/// One webhook entry on a pod's way, in the order in which the API server comes to it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Name of the MutatingWebhookConfiguration.
    pub configuration: String,
    /// Name of the entry in it, such as `namespace.sidecar-injector.istio.io`.
    pub entry: String,
    /// Whether it is an injection webhook of Istio's.
    pub injector: bool,
    /// Whether the API server calls it for the pod.
    pub called: super::Called,
    /// Whether the call arrives; none where it is not called.
    pub reached: Option<super::Reached>,
    /// Whether istiod wants to inject; none where not reached, and for other vendors' webhooks.
    pub wanted: Option<super::Wanted>,
    /// Whether istiod can render; none where not wanted.
    pub rendered: Option<super::Rendered>,
}

/// What will happen to the next pod, with the trace that proves it.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// What will happen.
    pub outcome: Outcome,
    /// The revision that ends up in annotation `sidecar.istio.io/status`.
    pub revision: Option<String>,
    /// `configuration/entry` that decides: the last that injects, the one that rejects, or the first of which it is not
    /// known what it does.
    pub webhook: Option<String>,
    /// The stage at which it is decided, or at which it is not known.
    pub decided: Stage,
    /// Why, in words.
    pub because: String,
    /// Why the API server refuses the pod itself, whatever is added to it on its way; none where it does not.
    pub invalid: Option<String>,
    /// Every webhook entry, in call order.
    pub calls: Vec<Call>,
}

impl Prediction {
    /// Why the API server refuses the pod for what the injection makes of it; none where it does not.
    pub fn invalid_once_injected(&self) -> Option<&String> {
        self.calls.iter().find_map(|call| match &call.rendered {
            Some(Answer::No(super::Refusal::InvalidPod(reason))) => Some(reason),
            _ => None,
        })
    }

    /// The istiods that are asked about the pod, in call order.
    pub fn istiods(&self) -> impl Iterator<Item = &super::Istiod> {
        let calls = self.calls.iter().filter(|call| call.injector);
        calls.filter_map(|call| match &call.reached {
            Some(Answer::Yes(super::Arrival::Istiod(istiod))) => Some(istiod),
            _ => None,
        })
    }
}

/// How the pods fare that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// All have the sidecar.
    Injected,
    /// None has it.
    NotInjected,
    /// Some have it, or they have it of several revisions.
    Mixed,
    /// There are no pods.
    NoPods,
    /// Pods are refused: a FailedCreate event or a ReplicaFailure condition says so.
    Rejected,
    /// The pods could not be read.
    Unknown,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One existing pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedPod {
    /// Its name.
    pub name: String,
    /// Whether it carries annotation `sidecar.istio.io/status`.
    pub injected: bool,
    /// The revision in that annotation.
    pub revision: Option<String>,
    /// Whether its traffic goes to ztunnel, as Istio's CNI plugin says.
    pub ambient: bool,
    /// The revision of the istiod that made it, where it is a gateway or a waypoint.
    pub gateway_of: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Its resourceVersion, where that is a number.
    pub version: Option<u64>,
}

/// The API server's refusal of a pod, as a controller recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The API server's words.
    pub message: String,
    /// Where they stand: an event or a condition.
    pub source: String,
    /// When it happened first, where that is recorded.
    pub since: Option<Timestamp>,
    /// When it happened last, where that is recorded.
    pub at: Option<Timestamp>,
    /// How often, where that is recorded.
    pub times: Option<i32>,
    /// What the words say first; none where they are not known.
    pub said: Option<texts::Found>,
    /// The cause that they tell best, with its place; none where they tell none.
    pub told: Option<texts::Match>,
}

impl Rejection {
    /// A refusal in words, which are read here once for all who ask.
    pub fn new(message: String, source: String) -> Self {
        Self {
            said: texts::read(&message).into_iter().next(),
            told: texts::recognise(&message).into_iter().next(),
            message,
            source,
            since: None,
            at: None,
            times: None,
        }
    }

    /// When it is known to have stood last, where that is recorded.
    pub fn stood(&self) -> Option<Timestamp> {
        self.at.or(self.since)
    }
}

/// How the pods fare that exist.
#[derive(Clone, Debug)]
pub struct Observation {
    /// All of them together.
    pub outcome: Seen,
    /// Each of them.
    pub pods: Vec<ObservedPod>,
    /// How many of them are ready, where the status of the target tells.
    pub readiness: Option<Readiness>,
    /// The newest refusal that still stands.
    pub rejection: Option<Rejection>,
    /// Why none is known, where one may stand all the same.
    pub missing: Option<Missing>,
}
