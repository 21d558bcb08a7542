//! What is wrong with a workload, each with its own witness and its own root cause.

use std::cmp::Reverse;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;

use crate::causes::{Check, Rank};
use crate::facts::Readiness;
use crate::report::{Difference, Effect, Finding, Severity};
use crate::root_cause::{self, Found};
use crate::way::running::{START, Unwell, failed, is_of};
use crate::way::{Began, Case, Outcome, Prediction, over_since};

/// The kinds of symptom; of two that are equally bad, the first is told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Pods are being refused.
    PodsRefused,
    /// The next pod will not be injected, or whether it will is unknown.
    NextPod,
    /// Pods that exist differ from what the next one will be.
    Pods(Difference),
    /// Pods with a sidecar are not ready.
    PodsNotReady,
    /// A Job has failed, and none of its pods is left.
    JobFailed,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Symptom {
    /// What kind of thing.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in words.
    pub message: String,
    /// When it began; none where nobody can tell, and of what is only expected.
    pub began: Option<Began>,
    /// The check whose finding is the root cause; none where nobody can tell.
    pub root_cause: Option<&'static Check>,
}

/// All symptoms of a workload, the worst first.
pub fn of(case: &Case, predicted: &Prediction, findings: &[Found]) -> Vec<Symptom> {
    let next_pod = next_pod(case, predicted, findings);
    let decides = next_pod.as_ref().and_then(|one| one.root_cause);
    let differences = Difference::ALL.into_iter();
    let mut all: Vec<_> = refused(case, predicted, findings)
        .into_iter()
        .chain(next_pod)
        .chain(differences.filter_map(|one| differs(one, decides, findings)))
        .chain(not_ready(case, findings))
        .collect();
    all.sort_by_key(|one| (Reverse(one.severity), one.kind));
    all
}

/// A refusal that stands. Where another end is predicted, something was changed since; yet no pod was created.
fn refused(case: &Case, predicted: &Prediction, findings: &[Found]) -> Option<Symptom> {
    let observation = case.observation();
    let rejection = observation.rejection.as_ref()?;
    let since = over_since(case, rejection).ok().flatten();
    let (severity, message) = match (predicted.outcome, since) {
        (Outcome::Injected | Outcome::NotInjected, Some(since)) => (
            Severity::Warning,
            format!(
                "pods were refused, and none was created since, although {since}: {}",
                rejection.message
            ),
        ),
        _ => (Severity::Error, rejection.message.clone()),
    };
    Some(Symptom {
        kind: Kind::PodsRefused,
        severity,
        message,
        began: rejection
            .since
            .or(rejection.at)
            .map(|at| Began::refused(case, at)),
        root_cause: root_cause::among(findings, |finding| {
            finding.effect == Effect::Decides(Outcome::Rejected)
        }),
    })
}

fn next_pod(case: &Case, predicted: &Prediction, findings: &[Found]) -> Option<Symptom> {
    // What explains an expectation that a pod contradicts explains nothing.
    let is_open = [predicted.outcome, case.prediction().outcome] == [Outcome::Unknown; 2];
    let root_cause = root_cause::among(findings, |finding| match finding.effect {
        Effect::Decides(outcome) => outcome == predicted.outcome || is_open,
        Effect::Differs(_) | Effect::NotReady | Effect::Beside => false,
    })
    .or_else(|| root_cause_where_open(predicted, findings));
    let severity = match predicted.outcome {
        // A cause that explains a certain injection is told without being a symptom.
        Outcome::Injected => root_cause.and_then(|root| worst_of(root, findings))?,
        Outcome::Rejected => Severity::Error,
        Outcome::Unknown => Severity::Warning,
        Outcome::NotInjected => root_cause
            .and_then(|root| worst_of(root, findings))
            .unwrap_or(Severity::Info),
    };
    Some(Symptom {
        kind: Kind::NextPod,
        severity,
        message: predicted.because.clone(),
        began: None,
        root_cause,
    })
}

/// What is wrong where it cannot be told what follows: the first thing that matters at the stage that is open.
fn root_cause_where_open(predicted: &Prediction, findings: &[Found]) -> Option<&'static Check> {
    let first = findings.iter().find(|(check, finding)| {
        predicted.outcome == Outcome::Unknown
            && check.stage == predicted.decided
            && finding.severity >= Severity::Warning
    });
    first.map(|(check, _)| *check)
}

fn differs(
    difference: Difference,
    next_pod: Option<&'static Check>,
    findings: &[Found],
) -> Option<Symptom> {
    let effect = Effect::Differs(difference);
    let (check, finding) = findings.iter().find(|(_, one)| one.effect == effect)?;
    // Pods lose their sidecar by what decides about the next one, unless the finding tells that itself. That nobody asks
    // for a sidecar is no cause: somebody did.
    let decides = next_pod.filter(|decides| {
        difference == Difference::LosesSidecar
            && decides.rank != Rank::Silence
            && finding.because != Some(decides.name)
    });
    Some(Symptom {
        kind: Kind::Pods(difference),
        severity: finding.severity,
        message: finding.message.clone(),
        began: None,
        root_cause: Some(decides.unwrap_or(check)),
    })
}

/// Pods with a sidecar that are not ready, although each had the time to start; or those of a Job that has failed, which
/// are gone.
fn not_ready(case: &Case, findings: &[Found]) -> Option<Symptom> {
    let observation = case.observation();
    let Readiness { pods, ready } = observation.readiness?;
    let run = case.run().ok().flatten();
    let newest = newest(case, run);
    let root_cause = root_cause::among(findings, |finding| finding.effect == Effect::NotReady);
    let has_sidecar = observation.pods.iter().any(|pod| pod.injected);
    let unwell = case.unwell().ok();
    let since = unwell
        .iter()
        .flat_map(|all| all.iter())
        .filter_map(Unwell::since);
    let failed = run.and_then(failed);
    let failed = failed.and_then(|one| one.last_transition_time.as_ref());
    let began = since.min().or(failed.map(|time| time.0));
    let had_time =
        newest.is_some_and(|newest| newest.checked_add(START).is_ok_and(|end| end <= case.now()));
    let is_told = root_cause.is_some() || (has_sidecar && had_time);
    (is_told && ready < pods).then(|| Symptom {
        kind: match newest {
            Some(_) => Kind::PodsNotReady,
            None => Kind::JobFailed,
        },
        severity: root_cause
            .and_then(|root| worst_of(root, findings))
            .unwrap_or(Severity::Warning),
        message: match newest {
            Some(newest) => format!(
                "{} of {pods} pods with a sidecar are not ready; the newest was created at {newest}",
                pods - ready
            ),
            None => format!("{} of {pods} pods have failed, and are gone", pods - ready),
        },
        began: began.map(|at| Began::not_ready(case, at)),
        root_cause,
    })
}

/// When the newest pod was created; of a target with runs, that of the newest run. None where none is left.
fn newest(case: &Case, run: Option<&Job>) -> Option<Timestamp> {
    let pods = case.pods().ok()?.into_iter();
    let meant = pods.filter(|pod| run.is_none_or(|run| is_of(run, pod)));
    let created = meant.filter_map(|pod| pod.creation_timestamp.as_ref());
    created.map(|time| time.0).max()
}

fn worst_of(check: &Check, findings: &[Found]) -> Option<Severity> {
    let own = findings.iter().filter(|(by, _)| by.code == check.code);
    own.map(|(_, finding): &(_, Finding)| finding.severity)
        .max()
}
