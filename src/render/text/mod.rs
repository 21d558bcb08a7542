//! Text for people, who may be tired: what matters comes first, the verdict last.

mod facts;
mod finding;
pub mod groups;
mod ladder;
mod mark;
mod meshes;
mod namespaces;
mod overview;
mod report;
mod revisions;
pub mod table;
mod trace;
mod unknown;
mod verdict;
mod webhooks;
mod words;

use std::io;

use injdoctor_checks::causes::Check;
use injdoctor_checks::diagnosis::{CheckResult, Diagnosis, Status};
use injdoctor_checks::facts::{Kind, Snapshot};
use injdoctor_checks::symptoms::{self, Symptom};
use injdoctor_checks::views::Overview;
use injdoctor_checks::way::Outcome;

pub use facts::{subject, version};
pub use namespaces::namespaces;
pub use revisions::revisions;
pub use verdict::{verdict, verdicts};
pub use words::{risk, severity};

use super::page::{Page, Span, Style};
use super::{self as render, Diagnoses};

/// What is written: the facts, and what they mean for each subject.
struct Report<'a> {
    snapshot: &'a Snapshot,
    diagnoses: &'a [Diagnosis],
    recorded: bool,
    has_several_namespaces: bool,
    again: &'a str,
    narrowed: bool,
}

/// A mesh as a whole, and how it is written.
pub struct View<'a> {
    /// What is known of it.
    pub overview: &'a Overview<'a>,
    /// The facts.
    pub snapshot: &'a Snapshot,
    /// Whether the facts come from a file.
    pub recorded: bool,
    /// Whether everything is written.
    pub wide: bool,
}

/// Writes the report; `wide` adds everything that led to it.
pub fn text(
    report: &render::Report,
    diagnoses: Diagnoses,
    wide: bool,
    page: &mut Page,
) -> io::Result<()> {
    let is_one = report.snapshot.subjects.len() == 1;
    let diagnoses: Vec<_> = match is_one {
        true => diagnoses.collect(),
        false => diagnoses.map(condensed).collect(),
    };
    let nothing = report.nothing;
    let report = &Report {
        snapshot: report.snapshot,
        diagnoses: &diagnoses,
        recorded: report.recorded,
        has_several_namespaces: report.has_several_namespaces(),
        again: report.again,
        narrowed: report.narrowed,
    };
    match report.diagnoses {
        [] => page.wrapped(0, &[], 0, &Span::plain(nothing)),
        all if all.iter().all(about_webhooks) => webhooks(report, wide, page),
        [one] => target(report, one, wide, page),
        _ if wide => targets(report, page),
        _ => report::report(report, page),
    }
}

/// A number of targets.
pub fn targets_of(number: usize) -> String {
    words::count(number, "target", "targets")
}

/// A diagnosis without what is not written of one among many.
fn condensed(mut diagnosis: Diagnosis) -> Diagnosis {
    if let Some(predicted) = &mut diagnosis.predicted {
        predicted.calls = Vec::new();
    }
    let is_unknown = |result: &CheckResult| matches!(result.status, Status::Unknown(_));
    diagnosis.checks.retain(is_unknown);
    diagnosis.checks.shrink_to_fit();
    diagnosis
}

fn about_webhooks(diagnosis: &Diagnosis) -> bool {
    diagnosis.target.kind == Kind::MutatingWebhookConfiguration
}

fn target(report: &Report, diagnosis: &Diagnosis, wide: bool, page: &mut Page) -> io::Result<()> {
    facts::facts(report, &facts::subject(diagnosis), page)?;
    page.blank()?;
    ladder::ladder(diagnosis, page)?;
    let mut findings = diagnosis.findings.iter();
    if let Some(root) = diagnosis.root_cause
        && let Some((check, finding)) = findings.next()
    {
        page.blank()?;
        finding::block(check, finding, report.snapshot, page)?;
        follows(&groups::follows(diagnosis), page)?;
        page.blank()?;
        page.line(
            2,
            &[Span::new(
                Style::Faint,
                format!("more: injdoctor explain {}", root.code),
            )],
        )?;
    }
    if !report.narrowed && unexplained(diagnosis) {
        page.blank()?;
        let text = "no check explains this; -o wide shows what each webhook does and why";
        page.wrapped(0, &[], 0, &Span::plain(text))?;
    }
    for (check, finding) in findings.filter(|(check, _)| !diagnosis.follows(check)) {
        page.blank()?;
        if wide {
            finding::block(check, finding, report.snapshot, page)?;
        } else {
            finding::short(check, finding, page)?;
        }
    }
    unknown::unknown(std::slice::from_ref(diagnosis), wide, page)?;
    let is_not_ready = |one: &Symptom| one.kind == symptoms::Kind::PodsNotReady;
    if wide || diagnosis.symptoms.iter().any(is_not_ready) {
        trace::timeline(diagnosis, page)?;
    }
    if wide {
        trace::calls(diagnosis, page)?;
        trace::assumptions(diagnosis, page)?;
        trace::checks(diagnosis, page)?;
    }
    verdict::one(diagnosis, page)
}

/// Whether something other than injection happens, all facts are there, and yet no check knows why.
fn unexplained(diagnosis: &Diagnosis) -> bool {
    let predicted = diagnosis
        .predicted
        .as_ref()
        .map(|predicted| predicted.outcome);
    let bad = matches!(predicted, Some(Outcome::NotInjected | Outcome::Rejected));
    bad && diagnosis.root_cause.is_none() && unknown::number(diagnosis) == 0
}

fn targets(report: &Report, page: &mut Page) -> io::Result<()> {
    let number = words::count(report.diagnoses.len(), "workload", "workloads");
    facts::facts(report, &number, page)?;
    page.blank()?;
    overview::table(report, page)?;
    unknown::unknown(report.diagnoses, true, page)?;
    let groups = groups::groups(report.diagnoses);
    overview::findings(&groups, report, true, page)?;
    verdict::several(&groups, report.diagnoses, page)
}

fn webhooks(report: &Report, wide: bool, page: &mut Page) -> io::Result<()> {
    facts::facts(report, "injection webhooks", page)?;
    if report
        .diagnoses
        .iter()
        .any(|diagnosis| !diagnosis.webhooks.is_empty())
    {
        page.blank()?;
        webhooks::table(report, wide, page)?;
        webhooks::setters(report, page)?;
    }
    webhooks::validators(report, page)?;
    meshes::several(report.snapshot, page)?;
    let groups = groups::groups(report.diagnoses);
    unknown::unknown(report.diagnoses, wide, page)?;
    overview::findings(&groups, report, wide, page)?;
    verdict::several(&groups, report.diagnoses, page)
}

fn follows(checks: &[&Check], page: &mut Page) -> io::Result<()> {
    if checks.is_empty() {
        return Ok(());
    }
    let names = checks
        .iter()
        .map(|check| format!("{} {}", check.code, check.name));
    let text = names.collect::<Vec<_>>().join(", ");
    page.blank()?;
    page.wrapped(
        2,
        &[Span::new(Style::Faint, "also follows:")],
        16,
        &Span::plain(text),
    )
}
