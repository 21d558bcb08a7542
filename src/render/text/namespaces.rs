//! The table of `injdoctor namespace`, and what changes the odd ones.

use std::collections::BTreeMap;
use std::io;

use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::report::{Finding, Severity};
use injdoctor_checks::views::{Namespace, Odd, Tally};
use injdoctor_checks::way::Outcome;

use super::finding::{self, Extent};
use super::mark::Mark;
use super::table::Columns;
use super::{View, facts, overview, unknown, words};
use crate::render::page::{Page, Span, Style};

/// Commands in a row, at most; `-o wide` has no limit.
pub(super) const COMMANDS: usize = 8;

/// Writes the namespaces.
pub fn namespaces(view: &View, page: &mut Page) -> io::Result<()> {
    let all: Vec<_> = view.overview.namespaces().collect();
    facts::of_mesh(view.snapshot, &number(all.len()), view.recorded, page)?;
    if !all.is_empty() {
        page.blank()?;
        table(&all, view.wide, page)?;
    }
    odd(&all, view.snapshot, view.wide, page)?;
    let missing = unknown::with_version(view.overview.missing(), view);
    unknown::facts(&missing, view.wide, page)?;
    verdict(&all, page)
}

fn number(all: usize) -> String {
    words::count(all, "namespace", "namespaces")
}

fn table(all: &[&Namespace], wide: bool, page: &mut Page) -> io::Result<()> {
    let mut headings = vec!["NAMESPACE", "LABELS", "NEXT POD", "WORKLOADS", "PODS"];
    if wide {
        headings.push("BECAUSE");
    }
    let unicode = page.look().unicode;
    let mut columns = Columns::new(&headings, !wide, page);
    for one in all {
        let separator = if wide { ", " } else { "\n" };
        let because = wide.then(|| (Style::Plain, one.because.clone()));
        let cells = [
            (Style::Plain, one.name.clone()),
            (Style::Plain, labels(one, separator)),
            next(one, unicode),
            (Style::Plain, workloads(&one.tally, separator)),
            (Style::Plain, pods(&one.tally, separator)),
        ];
        columns.row(cells.into_iter().chain(because));
    }
    columns.write(page)
}

fn labels(one: &Namespace, separator: &str) -> String {
    match &one.labels {
        Ok(labels) => {
            let labels = labels.iter().map(|(key, value)| format!("{key}={value}"));
            labels.collect::<Vec<_>>().join(separator)
        }
        Err(why) => format!("? {why}"),
    }
}

fn next(one: &Namespace, unicode: bool) -> (Style, String) {
    let (mark, style) = match one.outcome {
        Outcome::NotInjected if one.ambient => (Mark::Pointless, Style::Good),
        Outcome::Injected => (Mark::Yes, Style::Good),
        Outcome::NotInjected => (Mark::No, Style::Plain),
        Outcome::Rejected => (Mark::No, Style::Error),
        Outcome::Unknown => (Mark::Unknown, Style::Warning),
    };
    let what = match (one.outcome, &one.revision, one.cause) {
        _ if one.ambient => "ambient".to_owned(),
        (Outcome::Injected, Some(revision), _) => revision.clone(),
        (Outcome::NotInjected, _, Some(cause)) => cause.code.to_owned(),
        (outcome, _, Some(cause)) => format!("{}\n{}", words::outcome(outcome), cause.code),
        (outcome, _, None) => words::outcome(outcome).to_owned(),
    };
    let style = match &one.odd {
        Some(odd) => severity(odd).into(),
        None => style,
    };
    (style, format!("{} {what}", mark.symbol(unicode)))
}

fn workloads(tally: &Tally, separator: &str) -> String {
    let more = [(tally.refused, "refused"), (tally.unknown, "unknown")];
    told(tally.workloads.to_string(), &more, separator)
}

fn pods(tally: &Tally, separator: &str) -> String {
    let first = match (tally.pods, tally.unseen) {
        (0, 0) => "0".to_owned(),
        (0, _) => "? unknown".to_owned(),
        (pods, 0) => format!("{}/{pods} injected", tally.injected),
        (pods, _) => format!(
            "{}/{pods} injected{separator}others unknown",
            tally.injected
        ),
    };
    let more = [
        (tally.ambient, "ambient"),
        (tally.other_revision, "of another revision"),
        (tally.not_ready, "not ready"),
    ];
    told(first, &more, separator)
}

fn told(first: String, more: &[(usize, &str)], separator: &str) -> String {
    let more = more.iter().filter(|(number, _)| *number > 0);
    let more = more.map(|(number, what)| format!("{number} {what}"));
    let all: Vec<_> = std::iter::once(first).chain(more).collect();
    all.join(separator)
}

fn severity(odd: &Odd) -> Severity {
    let all = odd.findings.iter().map(|finding| finding.severity);
    all.max().unwrap_or(Severity::Info)
}

/// Writes what is odd about namespaces, each cause once, and what changes it.
fn odd(all: &[&Namespace], snapshot: &Snapshot, wide: bool, page: &mut Page) -> io::Result<()> {
    let mut causes: BTreeMap<&str, Vec<(&str, &Odd)>> = BTreeMap::new();
    for one in all {
        if let Some(odd) = &one.odd {
            let cause = causes.entry(odd.check.code).or_default();
            cause.push((&one.name, odd));
        }
    }
    let numbers = overview::numbers(snapshot);
    let extent = Extent {
        fixes: if wide { usize::MAX } else { 1 },
        commands: if wide { usize::MAX } else { COMMANDS },
        whole: wide,
        ..Extent::all(snapshot, &numbers)
    };
    for cause in causes.values() {
        let Some((_, first)) = cause.first() else {
            continue;
        };
        let findings: Vec<&Finding> = cause.iter().flat_map(|(_, odd)| &odd.findings).collect();
        let message = findings.first().map(|one| one.message.as_str());
        let severity = cause.iter().map(|(_, odd)| severity(odd)).max();
        page.blank()?;
        finding::heading(
            severity.unwrap_or(Severity::Info),
            &finding::name(Some(first.check)),
            page,
        )?;
        page.wrapped(2, &[], 2, &Span::plain(message.unwrap_or_default()))?;
        if cause.len() > 1 {
            let names: Vec<_> = cause.iter().map(|(name, _)| (*name).to_owned()).collect();
            let lead = [Span::new(Style::Faint, "affects")];
            page.wrapped(2, &lead, 10, &Span::plain(words::and(&names)))?;
        }
        finding::fixes(&findings, &extent, page)?;
    }
    Ok(())
}

fn verdict(all: &[&Namespace], page: &mut Page) -> io::Result<()> {
    let outcomes = [
        Outcome::Rejected,
        Outcome::NotInjected,
        Outcome::Unknown,
        Outcome::Injected,
    ];
    let number_of = |outcome| all.iter().filter(|one| one.outcome == outcome).count();
    let counts = outcomes
        .into_iter()
        .map(|outcome| (number_of(outcome), words::outcome(outcome).to_uppercase()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let sum = |of: fn(&Tally) -> usize| all.iter().map(|one| of(&one.tally)).sum::<usize>();
    let pods = sum(|one| one.pods);
    let mut tail = vec![
        words::count(sum(|one| one.workloads), "workload", "workloads"),
        match (pods, sum(|one| one.unseen)) {
            (0, 1..) => "pods unknown".to_owned(),
            (_, unseen) => format!(
                "{} of {} injected{}",
                sum(|one| one.injected),
                words::count(pods, "pod", "pods"),
                if unseen > 0 { ", others unknown" } else { "" }
            ),
        },
    ];
    let more = [
        (sum(|one| one.ambient), "ambient"),
        (sum(|one| one.refused), "refused"),
        (sum(|one| one.unknown), "unknown"),
        (sum(|one| one.other_revision), "of another revision"),
        (sum(|one| one.not_ready), "not ready"),
        (all.iter().filter(|one| one.odd.is_some()).count(), "odd"),
    ];
    let more = more.into_iter().filter(|(number, _)| *number > 0);
    tail.extend(more.map(|(number, what)| format!("{number} {what}")));
    let odd = all.iter().filter_map(|one| one.odd.as_ref());
    let style = match odd.map(severity).max() {
        Some(severity) => severity.into(),
        None if number_of(Outcome::Unknown) > 0 || all.is_empty() => Style::Warning,
        None if number_of(Outcome::Rejected) > 0 || sum(|one| one.refused) > 0 => Style::Error,
        None => Style::Good,
    };
    let headline = match all.len() {
        0 => "UNKNOWN: no namespace is seen".to_owned(),
        all => format!("{}, for the next pod: {counts}", number(all)),
    };
    page.blank()?;
    page.flow(&Span::new(style, headline), &tail, 2)
}
