//! What istiod has logged about a pod that fares otherwise than expected.
//!
//! istiod logs each pod that it is asked about, and why it does not inject one. The pod has no name by then, but what
//! its name begins with. So that no line is there tells as much as one: the call has not arrived.
//! Source: Istio 1.31, `pkg/kube/inject/webhook.go` (`inject`), `pkg/kube/inject/inject.go` (`potentialPodName`).

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::core::v1::Container;

use super::injector::TIMEOUT;
use super::witness::contradicted_at;
use super::{Answer, Arrival, Case, Istiod, injectors, istiod_container, revision};
use crate::facts::kinds::Pod;
use crate::facts::{Kind, Line, LogOf, Missing, Read};
use crate::texts::is_request;

/// How long a pod may have been under way before that.
const BEFORE: Duration = Duration::from_secs(5);
/// Times of events and pods are cut to the second.
const AFTER: Duration = Duration::from_secs(1);
/// How many logs are read. Of more replicas it cannot be told that none of them was asked.
const REPLICAS: usize = 5;
/// The argument of istiod that sets what is logged.
const LEVELS: &str = "--log_output_level=";

/// What istiod has logged.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard<'a> {
    /// The last line about such a pod.
    Said {
        /// Which replica has logged it.
        by: &'a Pod,
        /// The line.
        line: &'a Line,
    },
    /// No replica has a line about such a pod, although it would have logged one.
    Nothing {
        /// All replicas.
        replicas: Vec<&'a Pod>,
        /// What a line would have to have.
        about: String,
    },
}

/// The logs that may tell why a pod fares otherwise than expected; none where all is as expected.
pub fn wanted(case: &Case) -> Vec<Read> {
    let (Some(_), Ok(replicas), Ok(about)) = (contradicted_at(case), replicas(case), about(case))
    else {
        return Vec::new();
    };
    let read = |pod: &Pod| {
        let namespace = pod.metadata.namespace.as_deref()?;
        Some(Read::log(namespace, name(pod), log(pod, &about)?))
    };
    let all = replicas.into_iter().filter_map(read);
    all.take(REPLICAS).collect()
}

/// What istiod has logged about the pod that fares otherwise than expected; none where all is as expected, or the logs
/// do not reach so far.
///
/// # Errors
/// [`Missing`] where a log that might tell it was not read.
pub fn heard<'a>(case: &Case<'a>) -> Result<Option<Heard<'a>>, Missing> {
    let Some(at) = contradicted_at(case) else {
        return Ok(None);
    };
    let before = BEFORE + longest_call(case)?;
    let (Ok(from), Ok(to)) = (at.checked_sub(before), at.checked_add(AFTER)) else {
        return Ok(None);
    };
    let (replicas, about) = (replicas(case)?, about(case)?);
    let (mut lines, mut unread, mut reach) = (Vec::new(), None, !replicas.is_empty());
    for pod in &replicas {
        let Some(log) = log(pod, &about) else {
            continue;
        };
        match case.log(&pod.metadata, &log) {
            Ok(Some(log)) => {
                let time = |line: &Line| line.at.as_ref().map(|at| at.0);
                let all = log
                    .lines
                    .iter()
                    .filter_map(|line| Some((time(line)?, *pod, line)));
                lines.extend(all.filter(|(at, ..)| (from..=to).contains(at)));
                reach &= log.since.as_ref().is_some_and(|since| since.0 <= from) && is_told(pod);
            }
            Ok(None) => reach = false,
            Err(missing) => unread = Some(missing),
        }
    }
    match (lines.into_iter().max_by_key(|(at, ..)| *at), unread) {
        (Some((_, by, line)), _) => Ok(Some(Heard::Said { by, line })),
        (None, Some(missing)) => Err(missing),
        (None, None) => Ok(reach.then_some(Heard::Nothing { replicas, about })),
    }
}

fn longest_call(case: &Case) -> Result<Duration, Missing> {
    let injectors = injectors(case.webhooks()?);
    let longest = injectors
        .map(|(_, entry)| entry.timeout_seconds.unwrap_or(TIMEOUT))
        .max();
    let seconds = u64::try_from(longest.unwrap_or(TIMEOUT)).unwrap_or_default();
    Ok(Duration::from_secs(seconds))
}

/// The pods of the istiods that are to be asked about the target's pods.
///
/// # Errors
/// [`Missing`] where they were not read.
pub fn replicas<'a>(case: &Case<'a>) -> Result<Vec<&'a Pod>, Missing> {
    let prediction = case.prediction();
    let mut all: Vec<&Pod> = Vec::new();
    for call in &prediction.calls {
        let Some(Answer::Yes(Arrival::Istiod(istiod))) = &call.reached else {
            continue;
        };
        for pod in case.istiod_pods(&istiod.namespace)? {
            if is_of(pod, istiod) && !all.contains(&pod) {
                all.push(pod);
            }
        }
    }
    Ok(all)
}

fn is_of(pod: &Pod, istiod: &Istiod) -> bool {
    istiod_container(pod).is_some_and(|one| revision(one) == istiod.revision)
}

fn log(pod: &Pod, about: &str) -> Option<LogOf> {
    Some(LogOf {
        container: istiod_container(pod)?.name.clone(),
        previous: false,
        about: Some(about.to_owned()),
    })
}

/// What istiod calls a pod of the target, as far as it is known: `shop/reviews-5d8b7c-`.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn about(case: &Case) -> Result<String, Missing> {
    let workload = case.workload()?;
    let set = case.newest_replica_set()?;
    let metadata = set.map_or(&workload.metadata, |set| &set.metadata);
    let name = match workload.kind {
        Kind::Pod => metadata
            .generate_name
            .as_ref()
            .or(metadata.name.as_ref())
            .cloned(),
        _ => metadata.name.as_ref().map(|name| format!("{name}-")),
    };
    Ok(format!(
        "{}/{}",
        case.target().namespace,
        name.unwrap_or_default()
    ))
}

/// Whether an istiod logs each pod that it is asked about.
fn is_told(pod: &Pod) -> bool {
    istiod_container(pod).is_some_and(|one| matches!(level(one), "info" | "debug"))
}

/// From which level on an istiod logs what its injector does, which has no scope of its own.
/// Source: Istio 1.31, `pkg/log/options.go`.
pub fn level(istiod: &Container) -> &str {
    let mut arguments = istiod.args.iter().flatten();
    let set = arguments.find_map(|one| one.strip_prefix(LEVELS));
    let mut levels = set.into_iter().flat_map(|set| set.split(','));
    let level = levels.find_map(|one| match one.split_once(':') {
        Some(("default" | "all", level)) => Some(level),
        Some(_) => None,
        None => Some(one),
    });
    level.unwrap_or("info")
}

impl Heard<'_> {
    /// The words of a line, without its time and level.
    pub fn words(line: &Line) -> String {
        let mut parts = line.text.splitn(3, '\t').skip(2);
        parts.next().unwrap_or(&line.text).replace('\t', " ")
    }
}

impl fmt::Display for Heard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What it has against the pod may take several lines, of which the last names the pod.
            Self::Said { by, line } if is_request(&line.text) => {
                write!(f, "istiod was asked: its pod {} has logged so", name(by))
            }
            Self::Said { by, line } => {
                write!(
                    f,
                    "istiod was asked, and its pod {} has logged {:?}",
                    name(by),
                    Self::words(line)
                )
            }
            Self::Nothing { replicas, about } => {
                let names: Vec<_> = replicas.iter().map(|pod| name(pod)).collect();
                write!(
                    f,
                    "none of istiod's pods was asked: no line about {about} is in the log of {}",
                    names.join(", ")
                )
            }
        }
    }
}

fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}
