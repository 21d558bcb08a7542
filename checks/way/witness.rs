//! What the cluster says outranks what is expected.
//!
//! A refusal that stands, or a pod that was made under the same conditions, is the API server's own answer.
//! Where the prediction says otherwise, it is wrong, and something that was not looked at decides.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::changes::{self, Changed};
use super::observe::status_of_template;
use super::{Case, ControlPlaneKind, ObservedPod, Outcome, Prediction, Rejection, predict};
use crate::facts::{Missing, Rollout};
use crate::stage::Stage;
use crate::texts::{Denied, Key, What};

/// How long after a change a pod has to be made so that the API server, istiod and the nodes know of it.
const SETTLED: Duration = Duration::from_secs(10);

/// When the cluster last did otherwise than expected, where istiod may know why: it was asked about that pod, or should
/// have been.
pub fn contradicted_at(case: &Case) -> Option<Timestamp> {
    let expected = case.prediction();
    let told = by_witnesses(case);
    if told.outcome == expected.outcome || told.decided > Stage::Rendered {
        return None;
    }
    match &case.observation().rejection {
        Some(rejection) => rejection.stood(),
        None => contradicting_pod(case, &expected)?.created,
    }
}

/// What will happen by what the cluster says alone, without the logs of istiod.
pub(super) fn by_witnesses(case: &Case) -> Prediction {
    let mut prediction = case.prediction().as_ref().clone();
    if let Some(rejection) = &case.observation().rejection {
        refused(case, rejection, &mut prediction);
    } else if let Some(pod) = contradicting_pod(case, &prediction) {
        let because = match is_fresh(case, &pod) {
            Ok(false) => return prediction,
            Ok(true) => contradiction(&pod, &prediction),
            Err(missing) => format!(
                "pod {} fares otherwise than expected, and whether anything was changed since it was created cannot be told: {}",
                pod.name, missing.0
            ),
        };
        prediction.outcome = Outcome::Unknown;
        prediction.because = because;
        prediction.revision = None;
    } else if let Some((pod, kind)) = pod_of_unseen(case, &prediction) {
        prediction.outcome = Outcome::Injected;
        prediction.decided = Stage::Rendered;
        prediction.because = format!(
            "{kind} cannot be seen, but pod {} was created{}, after everything that is seen of what decides was changed last, and has its sidecar",
            pod.name,
            made(&pod)
        );
        prediction.revision = pod.revision;
    }
    prediction
}

/// The newest pod, where it was injected by a control plane that nobody sees here, which keeps its prediction open, and
/// all that is seen of what decides has been the same since; with the kind of that control plane.
fn pod_of_unseen(case: &Case, prediction: &Prediction) -> Option<(ObservedPod, ControlPlaneKind)> {
    let kind = predict::ends_out_of_sight(case, prediction)?;
    let observation = case.observation();
    let newest = observation.pods.iter().max_by_key(|pod| pod.created)?;
    let is_own = matches!(status_of_template(case), Ok(None));
    let shows = newest.injected && is_own && is_fresh(case, newest) == Ok(true);
    shows.then(|| (newest.clone(), kind))
}

/// Pods are refused, and were refused under the same conditions.
fn refused(case: &Case, rejection: &Rejection, prediction: &mut Prediction) {
    let is_certain = matches!(prediction.outcome, Outcome::Injected | Outcome::NotInjected);
    match over_since(case, rejection) {
        Ok(None) if is_certain => {
            prediction.outcome = Outcome::Rejected;
            prediction.decided = stage_of(rejection);
            prediction.because = format!("pods are being refused: {}", rejection.message);
            prediction.webhook = None;
        }
        Err(missing) if is_certain => {
            prediction.outcome = Outcome::Unknown;
            prediction.decided = stage_of(rejection);
            prediction.because = format!(
                "pods are being refused, and whether that is over cannot be told: {}",
                missing.0
            );
        }
        _ => return,
    }
    prediction.revision = None;
}

/// The stage of a refusal, by its text.
fn stage_of(rejection: &Rejection) -> Stage {
    match rejection.said.as_ref().map(|said| said.what) {
        Some(What::Call(_)) => Stage::Reached,
        Some(What::Denied(Denied::Injector(_) | Denied::InjectorOtherwise)) => Stage::Rendered,
        _ => Stage::Admitted,
    }
}

/// Why a refusal may be over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// Something that it rests on was changed.
    Changed(Changed),
    /// The webhook that it is about is not called any more.
    NotCalled(String),
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(Changed { object, at, .. }) => {
                write!(f, "{object} was changed at {at}, after the last refusal")
            }
            Self::NotCalled(webhook) => write!(f, "webhook {webhook} is not called any more"),
        }
    }
}

/// Why a refusal may be over; none where it stands.
///
/// # Errors
/// [`Missing`] where what it rests on was not read.
pub fn over_since(case: &Case, rejection: &Rejection) -> Result<Option<Since>, Missing> {
    let said = rejection.said.as_ref();
    if let Some(webhook) = said.and_then(|one| one.value(Key::Webhook))
        && !is_called(case, webhook)?
    {
        return Ok(Some(Since::NotCalled(webhook.to_owned())));
    }
    let Some(at) = rejection.stood() else {
        return Ok(None);
    };
    let rest: Rc<[Changed]> = match said.map(|one| one.what) {
        Some(What::Call(_) | What::Denied(Denied::Injector(_) | Denied::InjectorOtherwise)) => {
            case.changes()?
        }
        Some(What::Denied(Denied::PodSecurity { .. } | Denied::Terminating)) => {
            changes::of_namespace(case)?.into_iter().collect()
        }
        _ => Rc::default(),
    };
    let template = changes::of_template(case)?;
    let mut all = template.iter().chain(rest.iter());
    Ok(all.find(|one| one.at > at).cloned().map(Since::Changed))
}

/// Whether a webhook may be called for the pod. Only mutating ones are known, so that any other is.
fn is_called(case: &Case, webhook: &str) -> Result<bool, Missing> {
    let calls = case.calls()?;
    let mut of_this_name = calls.iter().filter(|call| call.entry == webhook).peekable();
    Ok(of_this_name.peek().is_none() || of_this_name.any(|call| call.called.no().is_none()))
}

/// The newest pod that fares otherwise than predicted.
fn contradicting_pod(case: &Case, prediction: &Prediction) -> Option<ObservedPod> {
    // Pods with the annotation of their template do not show what the webhook did.
    if !matches!(status_of_template(case), Ok(None)) {
        return None;
    }
    let is_as_predicted = |pod: &ObservedPod| match prediction.outcome {
        Outcome::Injected => pod.injected && pod.revision == prediction.revision,
        Outcome::NotInjected => !pod.injected,
        // A pod that is refused leaves no pod.
        Outcome::Rejected => false,
        Outcome::Unknown => true,
    };
    let observation = case.observation();
    let contradicting = observation.pods.iter().filter(|pod| !is_as_predicted(pod));
    contradicting.max_by_key(|pod| pod.created).cloned()
}

/// Whether a pod was made after everything was changed that decides about it.
///
/// # Errors
/// [`Missing`] where that depends on what was not read.
pub fn is_fresh(case: &Case, pod: &ObservedPod) -> Result<bool, Missing> {
    let Some(made) = pod.created else {
        return Ok(false);
    };
    if !is_of_template(case, pod) {
        return Ok(false);
    }
    // A change that keeps no time shows in the resourceVersion, yet also one between the pod's making and its start.
    let is_before = |changed: &Changed| match (changed.version, pod.version) {
        (Some(changed), Some(pod)) => changed < pod,
        (None, Some(_)) => true,
        (_, None) => false,
    };
    let is_settled = |changed: &Changed| {
        let settled = changed.at.checked_add(SETTLED);
        is_before(changed) && settled.is_ok_and(|settled| settled <= made)
    };
    match case.changes() {
        Ok(rest) => Ok(!rest.is_empty() && rest.iter().all(is_settled)),
        // One later change is enough.
        Err(missing) => match changes::of_what_selects(case)?.iter().all(is_settled) {
            true => Err(missing),
            false => Ok(false),
        },
    }
}

/// Whether a pod was made from the template as it is now, which was not changed since.
pub fn is_of_template(case: &Case, pod: &ObservedPod) -> bool {
    let (Some(made), Ok(Some(template))) = (pod.created, changes::of_template(case)) else {
        return false;
    };
    template.at <= made && is_of_newest_template(case, pod).unwrap_or(false)
}

/// Whether a pod is made from the template as it is now.
fn is_of_newest_template(case: &Case, pod: &ObservedPod) -> Result<bool, Missing> {
    if case.workload()?.rollout != Rollout::Automatic {
        return Ok(false);
    }
    let Some(newest) = case.newest_replica_set()? else {
        return Ok(true);
    };
    let name = newest.metadata.name.as_deref().unwrap_or_default();
    let rest = pod.name.strip_prefix(name);
    Ok(rest.is_some_and(|rest| rest.starts_with('-')))
}

fn contradiction(pod: &ObservedPod, prediction: &Prediction) -> String {
    let expected = match (prediction.outcome, &prediction.revision) {
        (Outcome::Injected, Some(revision)) => {
            format!("one injected by revision {revision} is expected")
        }
        (Outcome::Injected, None) => "one with a sidecar is expected".to_owned(),
        (Outcome::Rejected, _) => format!("its refusal is expected, as {}", prediction.because),
        _ => format!(
            "one without a sidecar is expected, as {}",
            prediction.because
        ),
    };
    let seen = match (pod.injected, &pod.revision) {
        (true, Some(revision)) => format!("has a sidecar of revision {revision}"),
        (true, None) => "has a sidecar".to_owned(),
        (false, _) => "has no sidecar".to_owned(),
    };
    format!(
        "pod {} was created{}, after everything that decides here was changed last, and {seen}, while {expected}; something else decides, such as another webhook or an admission policy",
        pod.name,
        made(pod)
    )
}

/// When a pod was created, in words.
fn made(pod: &ObservedPod) -> String {
    let at = pod.created.map(|at| format!(" at {at}"));
    at.unwrap_or_default()
}
