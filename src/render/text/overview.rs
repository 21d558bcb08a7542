//! Many targets: a line for each, then each cause once.

use std::collections::BTreeSet;
use std::io;

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::Target;
use injdoctor_checks::report::{Finding, Severity};
use injdoctor_checks::way::Outcome;

use super::groups::Group;
use super::mark::Mark;
use super::table::Columns;
use super::{Report, finding, words};
use crate::render::page::{Page, Span, Style};

/// Targets named for a finding; the rest is counted.
const NAMED: usize = 5;

/// Writes the table of targets.
pub fn table(report: &Report, wide: bool, page: &mut Page) -> io::Result<()> {
    let several = report.has_several_namespaces;
    let mut headings = vec!["TARGET", "PREDICTED", "OBSERVED", "CAUSE"];
    if several {
        headings.insert(0, "NAMESPACE");
    }
    let mut columns = Columns::new(&headings, !wide, page);
    let unicode = page.look().unicode;
    for diagnosis in report.diagnoses {
        let namespace = several.then(|| (Style::Plain, diagnosis.target.namespace.clone()));
        columns.row(namespace.into_iter().chain(row(diagnosis, wide, unicode)));
    }
    columns.write(page)
}

fn row(diagnosis: &Diagnosis, wide: bool, unicode: bool) -> [(Style, String); 4] {
    let outcome = diagnosis
        .predicted
        .as_ref()
        .map_or(Outcome::Unknown, |one| one.outcome);
    let mark = match outcome {
        Outcome::Injected => Mark::Yes,
        Outcome::NotInjected | Outcome::Rejected => Mark::No,
        Outcome::Unknown => Mark::Unknown,
    };
    let worst = diagnosis
        .findings
        .iter()
        .map(|(_, finding)| finding.severity)
        .max();
    let style = match (outcome, worst) {
        (Outcome::Unknown, _) => Style::Warning,
        (_, Some(severity)) => severity.into(),
        (_, None) => Style::Good,
    };
    let observed = diagnosis
        .observed
        .as_ref()
        .map(words::observation)
        .unwrap_or_default();
    let cause = diagnosis.root_cause.map(|check| match wide {
        true => format!("{} {}", check.code, check.name),
        false => check.code.to_owned(),
    });
    [
        (Style::Plain, words::subject(diagnosis)),
        (
            style,
            format!("{} {}", mark.symbol(unicode), words::outcome(outcome)),
        ),
        (Style::Plain, observed),
        (Style::Plain, cause.unwrap_or_default()),
    ]
}

/// Writes each cause once, with the targets that it concerns.
pub fn findings(groups: &[Group], report: &Report, wide: bool, page: &mut Page) -> io::Result<()> {
    for group in groups {
        // What is as designed needs no healing; it would bury what does.
        let whole = wide || group.root && group.finding.severity > Severity::Info;
        page.blank()?;
        finding::short(group.check, group.finding, page)?;
        affects(group, wide, page)?;
        if whole && group.fixes_differ() {
            note(group, page)?;
        }
        if whole {
            finding::proof(group.finding, report.snapshot, page)?;
        }
        super::follows(&group.follows, page)?;
    }
    Ok(())
}

fn affects(group: &Group, wide: bool, page: &mut Page) -> io::Result<()> {
    let [first, rest @ ..] = group.targets.as_slice() else {
        return Ok(());
    };
    if rest.is_empty() && first.predicted.is_none() && is_named(&first.target, group.finding) {
        return Ok(());
    }
    let namespaces: BTreeSet<_> = group
        .targets
        .iter()
        .map(|one| one.target.namespace.as_str())
        .collect();
    let limit = if wide { usize::MAX } else { NAMED };
    let named = group
        .targets
        .iter()
        .take(limit)
        .map(|one| match namespaces.len() {
            1 => words::subject(one),
            _ => format!("{} -n {}", words::subject(one), one.target.namespace),
        });
    let mut named: Vec<_> = named.collect();
    if let more @ 1.. = group.targets.len().saturating_sub(limit) {
        named.push(format!("{more} more"));
    }
    let mut text = words::and(&named);
    let one_namespace = namespaces.first().filter(|_| namespaces.len() == 1);
    if let Some(one) = one_namespace.filter(|one| !one.is_empty() && !rest.is_empty()) {
        text = format!("{text}, all in {one}");
    }
    page.wrapped(
        2,
        &[Span::new(Style::Faint, "affects")],
        10,
        &Span::plain(text),
    )
}

/// Whether the evidence names the target already.
fn is_named(target: &Target, finding: &Finding) -> bool {
    let first = finding.evidence.first();
    first.is_some_and(|one| one.object == target.to_string())
}

fn note(group: &Group, page: &mut Page) -> io::Result<()> {
    let Some(first) = group.targets.first() else {
        return Ok(());
    };
    let text = format!(
        "the commands are those for {}; check each of the others",
        words::subject(first)
    );
    page.wrapped(10, &[], 10, &Span::plain(text))
}
