//! The words for what the checks say in types.

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::{Kind, Unread};
use injdoctor_checks::report::{After, Risk, Severity};
use injdoctor_checks::way::{Began, Observation, Outcome, Seen};
use jiff::{SignedDuration, Timestamp};

/// The word for a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// The words for what running a fix can do beyond healing.
pub fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::ReadOnly => "read-only",
        Risk::Safe => "safe",
        Risk::RestartsPods => "restarts pods",
        Risk::MeshWide => "mesh-wide",
    }
}

/// The words for a prediction.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Injected => "injected",
        Outcome::NotInjected => "not injected",
        Outcome::Rejected => "rejected",
        Outcome::Unknown => "unknown",
    }
}

/// What becomes of the next pod after a fix.
pub fn after(after: &After) -> String {
    match after {
        After::Predicted {
            outcome: Outcome::Injected,
            revision: Some(revision),
            ..
        } => format!("Injected by revision {revision}"),
        After::Predicted {
            outcome, because, ..
        } => format!("{outcome}, because {because}"),
        After::Open(why) => format!("not predicted, because {why}"),
    }
}

/// The target in kubectl's words. It has no name where it stands for all objects of a kind that could not be listed, and
/// where a manifest has only `generateName`.
pub fn target(diagnosis: &Diagnosis) -> String {
    let target = &diagnosis.target;
    let resource = target.kind.resource().name();
    let is_its_list = |unread: &Unread| unread.name.is_none() && unread.resource == resource;
    match target.name.as_str() {
        "" if diagnosis.unread.iter().any(is_its_list) => {
            format!("{} (not listed)", target.kind.plural())
        }
        "" if target.kind == Kind::MutatingWebhookConfiguration => target.kind.plural().to_owned(),
        "" => format!("{} (no name yet)", target.kind.singular()),
        _ => target.to_string(),
    }
}

/// The subject of a diagnosis in kubectl's words: its target, or, where the target is a pod without a name yet, the object
/// that will make it.
pub fn subject(diagnosis: &Diagnosis) -> String {
    match &diagnosis.owner {
        Some(owner) if diagnosis.target.name.is_empty() => owner.to_string(),
        _ => target(diagnosis),
    }
}

/// The subject of a diagnosis with its namespace, if it has one, as kubectl takes it.
pub fn subject_and_namespace(diagnosis: &Diagnosis) -> String {
    let subject = subject(diagnosis);
    match diagnosis.target.namespace.as_str() {
        "" => subject,
        namespace => format!("{subject} -n {namespace}"),
    }
}

/// How the pods fare that exist.
pub fn observation(observation: &Observation) -> String {
    let pods = observation.pods.len();
    let injected = observation.pods.iter().filter(|pod| pod.injected).count();
    match observation.outcome {
        Seen::NoPods => "no pods".to_owned(),
        Seen::Unknown => "unknown".to_owned(),
        Seen::Rejected if pods == 0 => "rejected".to_owned(),
        Seen::Rejected => format!("rejected, {injected}/{pods} injected"),
        Seen::Injected | Seen::NotInjected | Seen::Mixed => {
            let not_ready = observation
                .readiness
                .filter(|one| injected > 0 && one.ready < one.pods);
            let not_ready = not_ready.map(|one| format!(", {}/{} ready", one.ready, one.pods));
            let ambient = observation.pods.iter().filter(|pod| pod.ambient).count();
            let ambient = (ambient > 0).then(|| format!(", {ambient}/{pods} ambient"));
            format!(
                "{injected}/{pods} injected{}{}",
                ambient.unwrap_or_default(),
                not_ready.unwrap_or_default()
            )
        }
    }
}

/// A missing fact without the API server's long words for a permission that is missing: what cannot
/// be read says it already.
pub fn missing(reason: &str) -> String {
    match reason.split_once(": ") {
        Some((read, words)) if words.contains(" is forbidden: ") => format!("{read}: forbidden"),
        _ => reason.to_owned(),
    }
}

/// Several things in a row: `A, B and C`.
pub fn and(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number of things, in the singular or the plural.
pub fn count(number: usize, singular: &str, plural: &str) -> String {
    format!("{number} {}", if number == 1 { singular } else { plural })
}

/// Numbers of findings by severity, the worst first.
pub fn severities(all: impl Iterator<Item = Severity> + Clone) -> Vec<String> {
    [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|wanted| (wanted, all.clone().filter(|one| *one == wanted).count()))
        .filter(|(_, number)| *number > 0)
        .map(|(wanted, number)| match wanted {
            Severity::Error => count(number, "error", "errors"),
            Severity::Warning => count(number, "warning", "warnings"),
            Severity::Info => format!("{number} info"),
        })
        .collect()
}

/// A time of the day in UTC: `14:02:11`.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// Since when a symptom is there, and what was changed just before: `since 14:02:11, 40 s after kubectl-edit changed
/// configmap/istio`.
pub fn began(began: &Began) -> String {
    let since = format!("since {} UTC", clock(began.at));
    let Some(change) = &began.after else {
        return since;
    };
    let seconds = began.at.duration_since(change.at).as_secs();
    let after = match seconds {
        ..180 => format!("{seconds} s"),
        _ => format!("{} min", seconds / 60),
    };
    let object = &change.object;
    match &change.by {
        Some(by) => format!("{since}, {after} after {by} changed {object}"),
        None => format!("{since}, {after} after {object} changed"),
    }
}

/// The time since, as kubectl writes ages.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let since = now.duration_since(then);
    if since < SignedDuration::ZERO {
        return format!("at {then}");
    }
    let (minutes, hours) = (since.as_mins(), since.as_hours());
    match hours / 24 {
        days @ 2.. => format!("{days}d ago"),
        _ if hours >= 3 => format!("{hours}h ago"),
        _ if minutes >= 3 => format!("{minutes}m ago"),
        _ => format!("{}s ago", since.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_told_once() {
        let long = "cannot list pods in shop: pods is forbidden: User \"eve\" cannot list resource \"pods\"";
        assert_eq!(missing(long), "cannot list pods in shop: forbidden");
        assert_eq!(
            missing("cannot list pods: timed out"),
            "cannot list pods: timed out"
        );
    }

    #[test]
    fn ages_are_kubectls() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (seconds, expected) in [
            (0, "0s ago"),
            (179, "179s ago"),
            (180, "3m ago"),
            (3 * 3600, "3h ago"),
            (47 * 3600, "47h ago"),
            (48 * 3600, "2d ago"),
            (-5, "at 2026-11-21T12:00:05Z"),
        ] {
            assert_eq!(ago(now - SignedDuration::from_secs(seconds), now), expected);
        }
    }
}
