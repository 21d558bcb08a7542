//! What is said about the step at which a pod stands: by the scheduler, the kubelet and the container itself.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;

use super::step::condition;
use super::{Container, Step};
use crate::facts::kinds::Pod;
use crate::facts::ownership::happened;
use crate::facts::{Evidence, Line, LogOf};
use crate::rules::credentials::without_credentials;
use crate::texts::{Match, recognise};
use crate::way::rendered::containers::VALIDATION;

/// A text about a pod, with the cause that it tells.
#[derive(Clone, Debug)]
pub struct Said {
    /// Where it stands.
    pub place: Place,
    /// The text.
    pub text: String,
    /// When it was said last.
    pub at: Option<Timestamp>,
    /// The cause that it tells best; none where it is about something else.
    pub told: Option<Match>,
}

/// Where a text about a pod stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In an event of this reason.
    Event(String),
    /// In a field of the pod.
    Field(String),
    /// In the log of a container.
    Log(LogOf),
}

impl Said {
    fn new(place: Place, text: &str, at: Option<Timestamp>) -> Self {
        let text = without_credentials(text);
        Self {
            place,
            told: recognise(&text).into_iter().next(),
            text,
            at,
        }
    }

    /// The text as evidence about a pod.
    pub fn evidence(&self, pod: &str) -> Evidence {
        let mut evidence = match &self.place {
            Place::Event(reason) => {
                Evidence::new(format!("event {reason} of pod/{pod}"), ".message")
            }
            Place::Field(path) => Evidence::new(format!("pod/{pod}"), path),
            Place::Log(log) => {
                let before = match log.previous {
                    true => " before its last restart",
                    false => "",
                };
                let container = &log.container;
                Evidence::new(
                    format!("log of container {container} of pod/{pod}{before}"),
                    "",
                )
            }
        };
        // What stands before the words in a log is when and by which part of the program they were written.
        let begin = match (&self.place, &self.told) {
            (Place::Log(_), Some(told)) => told.found.place.start,
            _ => 0,
        };
        let words = self.text.get(begin..).unwrap_or_default();
        // Envoy writes its thread behind them.
        let words = words.split("\tthread=").next();
        evidence.actual = words.map(str::to_owned);
        evidence.set_at = self.at;
        evidence
    }
}

/// What the fields of a pod and its events say about a step, the newest last.
pub fn by_kubelet(pod: &Pod, step: Step, events: &[&Event]) -> Vec<Said> {
    let field = |path: String, text: Option<&String>, at| {
        let text = text.filter(|text| !text.is_empty())?;
        Some(Said::new(Place::Field(path), text, at))
    };
    let own = events.iter().filter(|event| is_about(event, pod, step));
    let events = own.filter_map(|event| {
        let reason = event.reason.clone().unwrap_or_default();
        let text = event.message.as_deref()?;
        Some(Said::new(Place::Event(reason), text, happened(event)))
    });
    let mut said: Vec<_> = events.collect();
    if let Step::Node = step {
        let scheduled = condition(pod, "PodScheduled");
        said.extend(scheduled.and_then(|one| {
            let path = ".status.conditions[?(@.type=='PodScheduled')].message";
            let at = one.last_transition_time.as_ref().map(|time| time.0);
            field(path.to_owned(), one.message.as_ref(), at)
        }));
    }
    if let Some(container) = step.container() {
        // What a container leaves behind where it ends is its own concern, and may be anything.
        // That it is started again and again says nothing of the reason.
        let waiting = container.waiting();
        let waiting = waiting.filter(|one| one.reason.as_deref() != Some("CrashLoopBackOff"));
        said.extend(waiting.and_then(|one| {
            let path = format!("{}.state.waiting.message", container.status_path());
            field(path, one.message.as_ref(), None)
        }));
        said.extend(code_of_validation(&container));
    }
    said
}

/// The exit code of istio-validation, which has a meaning of its own.
fn code_of_validation(container: &Container) -> Option<Said> {
    let ended = container.ended_last()?;
    (container.name() == VALIDATION).then(|| {
        let place = match container.ended() {
            Some(_) => "state",
            None => "lastState",
        };
        let path = format!("{}.{place}.terminated.exitCode", container.status_path());
        let text = format!("{VALIDATION} ended with exit code {}", ended.exit_code);
        let at = ended.finished_at.as_ref().map(|time| time.0);
        Said::new(Place::Field(path), &text, at)
    })
}

/// What a container says itself.
pub fn by_container(log: &LogOf, lines: &[Line]) -> Vec<Said> {
    let lines = lines.iter();
    lines
        .map(|line| {
            let at = line.at.as_ref().map(|time| time.0);
            Said::new(Place::Log(log.clone()), &line.text, at)
        })
        .collect()
}

/// Whether an event is a complaint about the step at which a pod stands. Those about a container name it in
/// `fieldPath`; those about the pod as a whole do not, as they concern all that comes.
fn is_about(event: &Event, pod: &Pod, step: Step) -> bool {
    let about = &event.involved_object;
    let of_container = about.field_path.as_deref().unwrap_or_default();
    let is_meant = match step.container() {
        Some(container) => {
            of_container.is_empty() || of_container.ends_with(&format!("{{{}}}", container.name()))
        }
        None => of_container.is_empty(),
    };
    let is_again = event.reason.as_deref() == Some("BackOff");
    event.type_.as_deref() == Some("Warning")
        && !is_again
        && about.uid == pod.metadata.uid
        && is_meant
}
