//! The last line.

use std::io;

use injdoctor_checks::Stage;
use injdoctor_checks::diagnosis::{Diagnosis, Status};
use injdoctor_checks::report::{Difference, Severity};
use injdoctor_checks::symptoms::Kind;
use injdoctor_checks::way::{Outcome, Prediction, Seen};

use super::groups::Group;
use super::{unknown, words};
use crate::render::page::{Page, Span, Style};

/// The verdict about one target.
pub fn verdict(diagnosis: &Diagnosis) -> String {
    headline(diagnosis).1
}

/// The verdict about several targets.
pub fn verdicts(diagnoses: &[Diagnosis]) -> String {
    headlines(diagnoses).1
}

/// Writes the verdict about one target.
pub fn one(diagnosis: &Diagnosis, page: &mut Page) -> io::Result<()> {
    let (style, headline) = headline(diagnosis);
    if let Some(began) = diagnosis.symptoms.iter().find_map(|one| one.began.as_ref()) {
        page.blank()?;
        page.wrapped(0, &[], 2, &Span::plain(words::began(began)))?;
    }
    write(style, headline, &checks(diagnosis), page)
}

fn headline(diagnosis: &Diagnosis) -> (Style, String) {
    match &diagnosis.predicted {
        Some(predicted) => prediction(diagnosis, predicted),
        None => webhooks(std::slice::from_ref(diagnosis)),
    }
}

/// Writes the verdict about several targets.
pub fn several(groups: &[Group], diagnoses: &[Diagnosis], page: &mut Page) -> io::Result<()> {
    let (style, headline) = headlines(diagnoses);
    write(style, headline, &causes(groups, diagnoses), page)
}

fn headlines(diagnoses: &[Diagnosis]) -> (Style, String) {
    let predictions: Vec<_> = diagnoses
        .iter()
        .filter_map(|one| one.predicted.as_ref())
        .collect();
    if predictions.is_empty() {
        return webhooks(diagnoses);
    }
    let outcomes = [
        Outcome::Rejected,
        Outcome::NotInjected,
        Outcome::Unknown,
        Outcome::Injected,
    ];
    let counts = outcomes
        .into_iter()
        .map(|outcome| {
            (
                outcome,
                predictions
                    .iter()
                    .filter(|one| one.outcome == outcome)
                    .count(),
            )
        })
        .filter(|(_, number)| *number > 0)
        .map(|(outcome, number)| format!("{number} {}", words::outcome(outcome).to_uppercase()));
    let targets = words::count(diagnoses.len(), "workload", "workloads");
    let unseen = diagnoses.iter().filter(|one| is_unseen(one)).count();
    let unseen = (unseen > 0).then(|| format!("{unseen} with UNKNOWN pods"));
    let headline = format!(
        "{targets}: {}",
        counts.chain(unseen).collect::<Vec<_>>().join(", ")
    );
    (worst(diagnoses), headline)
}

fn write(style: Style, headline: String, tail: &[String], page: &mut Page) -> io::Result<()> {
    page.blank()?;
    page.flow(&Span::new(style, headline), tail, 2)
}

fn worst(diagnoses: &[Diagnosis]) -> Style {
    let findings = diagnoses.iter().flat_map(|one| &one.findings);
    let symptoms = diagnoses.iter().flat_map(|one| &one.symptoms);
    let found = findings.map(|(_, finding)| finding.severity);
    match found.chain(symptoms.map(|symptom| symptom.severity)).max() {
        Some(severity) => severity.into(),
        None if diagnoses.iter().any(Diagnosis::is_unknown) => Style::Warning,
        None => Style::Good,
    }
}

fn prediction(diagnosis: &Diagnosis, predicted: &Prediction) -> (Style, String) {
    let style = worst(std::slice::from_ref(diagnosis));
    let headline = match predicted.outcome {
        Outcome::Injected => injected(diagnosis, predicted),
        Outcome::NotInjected => {
            format!(
                "NOT INJECTED{}{}",
                if_admitted(diagnosis),
                why_not(diagnosis)
            )
        }
        Outcome::Rejected => rejected(predicted).to_owned(),
        Outcome::Unknown if is_refused(diagnosis) => {
            "REJECTED: pods are refused now; what becomes of the next one is UNKNOWN".to_owned()
        }
        Outcome::Unknown if is_contradicted(diagnosis) => {
            "UNKNOWN: the pods that exist contradict what is expected".to_owned()
        }
        Outcome::Unknown => "UNKNOWN: data missing".to_owned(),
    };
    let headline = if is_unseen(diagnosis) {
        format!("{headline}; the pods that exist: UNKNOWN")
    } else if shows(diagnosis, Kind::PodsNotReady) {
        format!("{headline}; pods that exist are NOT READY")
    } else if shows(diagnosis, Kind::JobFailed) {
        format!("{headline}; the Job has FAILED")
    } else {
        headline
    };
    (style, headline)
}

fn shows(diagnosis: &Diagnosis, kind: Kind) -> bool {
    diagnosis.symptoms.iter().any(|one| one.kind == kind)
}

/// Whether pods are refused, whatever is predicted.
fn is_refused(diagnosis: &Diagnosis) -> bool {
    shows(diagnosis, Kind::PodsRefused)
}

/// Whether everything was read, and yet nothing is certain.
fn is_contradicted(diagnosis: &Diagnosis) -> bool {
    diagnosis.unread.is_empty() && unknown::number(diagnosis) == 0
}

/// Whether it is only unknown how the pods fare that exist.
fn is_unseen(diagnosis: &Diagnosis) -> bool {
    let predicted = diagnosis.predicted.as_ref();
    predicted.is_some_and(|one| one.outcome != Outcome::Unknown) && diagnosis.is_unknown()
}

fn injected(diagnosis: &Diagnosis, predicted: &Prediction) -> String {
    let revision = match &predicted.revision {
        Some(revision) => format!(" by revision {revision}"),
        None => String::new(),
    };
    let if_admitted = if_admitted(diagnosis);
    let observed = diagnosis.observed.as_ref();
    match observed.map(|observed| (observed, observed.outcome)) {
        Some(_) if shows(diagnosis, Kind::Pods(Difference::OtherRevision)) => {
            format!(
                "INJECTED{revision}{if_admitted}; pods of another revision keep it until they are restarted"
            )
        }
        Some(_) if shows(diagnosis, Kind::Pods(Difference::OtherVersion)) => {
            format!(
                "INJECTED{revision}{if_admitted}; pods of another version keep it until they are restarted"
            )
        }
        Some((observed, Seen::NotInjected | Seen::Mixed)) => {
            let pods = words::observation(observed);
            format!(
                "INJECTED{revision} from the next pod on{if_admitted}; of those there are {pods}"
            )
        }
        Some((_, Seen::Rejected)) => {
            format!(
                "INJECTED{revision} is expected of the next pod{if_admitted}; pods were refused, and none was created since"
            )
        }
        _ => format!("INJECTED{revision}{if_admitted}"),
    }
}

/// What others may say about the pod is not known: they are taken to let it pass.
fn if_admitted(diagnosis: &Diagnosis) -> &'static str {
    match diagnosis.assumptions.as_slice() {
        [] => "",
        _ => " if admitted",
    }
}

fn rejected(predicted: &Prediction) -> &'static str {
    match predicted.decided {
        Stage::Admitted => "REJECTED: new pods are refused after injection",
        _ => "REJECTED: pods cannot be created",
    }
}

/// An info says that nothing contradicts the outcome: before a webhook is called that is because
/// nobody asks, or somebody opts out; later on it is because istiod is built so.
fn why_not(diagnosis: &Diagnosis) -> &'static str {
    if shows(diagnosis, Kind::Pods(Difference::LosesSidecar)) {
        return ": pods that are restarted lose their sidecar";
    }
    let root = diagnosis
        .findings
        .first()
        .filter(|_| diagnosis.root_cause.is_some());
    match root {
        Some((_, finding)) if finding.severity == Severity::Info && diagnosis.ambient.is_some() => {
            ": the ambient data plane is asked for in its place"
        }
        Some((check, finding)) if finding.severity == Severity::Info => match check.stage {
            Stage::Mesh | Stage::Called => ": injection was not requested",
            Stage::Reached | Stage::Wanted | Stage::Rendered | Stage::Admitted | Stage::Running => {
                " by design"
            }
        },
        _ => ", although injection was requested",
    }
}

fn webhooks(diagnoses: &[Diagnosis]) -> (Style, String) {
    let number: usize = diagnoses.iter().map(|one| one.webhooks.len()).sum();
    let style = worst(diagnoses);
    if number == 0 {
        let headline = match diagnoses.iter().any(Diagnosis::is_unknown) {
            true => "UNKNOWN: data missing",
            false => "no injection webhook is installed",
        };
        return (style, headline.to_owned());
    }
    let entries = words::count(number, "entry", "entries");
    let configurations = words::count(
        diagnoses.len(),
        "webhook configuration",
        "webhook configurations",
    );
    let all_is_well = if style == Style::Good {
        ": all is well"
    } else {
        ""
    };
    (style, format!("{entries} in {configurations}{all_is_well}"))
}

/// What one target's checks came to.
fn checks(diagnosis: &Diagnosis) -> Vec<String> {
    let findings = diagnosis.findings.iter();
    let mut tail = words::severities(findings.map(|(_, finding)| finding.severity));
    let unknown = unknown::number(diagnosis);
    if unknown > 0 {
        tail.push(format!("{unknown} unknown"));
    }
    match diagnosis.assumptions.len() {
        0 => {}
        number => tail.push(words::count(number, "assumption", "assumptions")),
    }
    let statuses = diagnosis.checks.iter().map(|result| &result.status);
    let passed = statuses.filter(|status| **status == Status::Passed);
    tail.push(format!("{} passed", passed.count()));
    tail
}

/// What the checks of several targets came to: a cause that they share counts once.
fn causes(groups: &[Group], diagnoses: &[Diagnosis]) -> Vec<String> {
    let mut tail = words::severities(groups.iter().map(|group| group.severity));
    let unknown = diagnoses.iter().filter(|one| unknown::number(one) > 0);
    match unknown.count() {
        0 => {}
        number => tail.push(format!("data missing for {number}")),
    }
    tail
}
