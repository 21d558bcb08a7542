//! Many targets: a line for each, then each cause once.

use std::collections::BTreeSet;
use std::io;

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::report::Severity;
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
        (Style::Plain, words::target(diagnosis)),
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
        concerns(group, wide, page)?;
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

fn concerns(group: &Group, wide: bool, page: &mut Page) -> io::Result<()> {
    let [first, rest @ ..] = group.targets.as_slice() else {
        return Ok(());
    };
    // The evidence names the one webhook configuration already.
    if rest.is_empty() && first.predicted.is_none() {
        return Ok(());
    }
    let namespaces: BTreeSet<_> = group
        .targets
        .iter()
        .map(|one| &one.target.namespace)
        .collect();
    let limit = if wide { usize::MAX } else { NAMED };
    let named = group
        .targets
        .iter()
        .take(limit)
        .map(|one| match namespaces.len() {
            1 => words::target(one),
            _ => format!("{} -n {}", words::target(one), one.target.namespace),
        });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if let more @ 1.. = group.targets.len().saturating_sub(limit) {
        text = format!("{text} and {more} more");
    }
    if let ([one], 1..) = (namespaces.iter().collect::<Vec<_>>().as_slice(), rest.len()) {
        text = format!("{text}, all in {one}");
    }
    page.wrapped(
        2,
        &[Span::new(Style::Faint, "concerns")],
        11,
        &Span::plain(text),
    )
}

fn note(group: &Group, page: &mut Page) -> io::Result<()> {
    let Some(first) = group.targets.first() else {
        return Ok(());
    };
    let text = format!(
        "the commands are those for {}; check each of the others",
        words::target(first)
    );
    page.wrapped(11, &[], 11, &Span::plain(text))
}
