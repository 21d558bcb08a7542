//! Many targets in full: a line for each, then each cause once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use injdoctor_checks::Stage;
use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::{Kind, Objects, Snapshot, Target};
use injdoctor_checks::report::{Effect, Finding, Numbers, Severity};
use injdoctor_checks::way::Outcome;

use super::finding::Extent;
use super::groups::Group;
use super::mark::Mark;
use super::table::Columns;
use super::{Report, finding, words};
use crate::render::page::{Page, Span, Style};

/// Targets named for a finding; the rest is counted.
pub const NAMED: usize = 5;

/// Writes the table of targets.
pub fn table(report: &Report, page: &mut Page) -> io::Result<()> {
    let several = report.has_several_namespaces;
    let mut headings = vec!["TARGET", "PREDICTED", "OBSERVED", "CAUSE"];
    if several {
        headings.insert(0, "NAMESPACE");
    }
    let mut columns = Columns::new(&headings, false, page);
    let unicode = page.look().unicode;
    for diagnosis in report.diagnoses {
        let namespace = several.then(|| (Style::Plain, diagnosis.target.namespace.clone()));
        columns.row(namespace.into_iter().chain(row(diagnosis, unicode)));
    }
    columns.write(page)
}

fn row(diagnosis: &Diagnosis, unicode: bool) -> [(Style, String); 4] {
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
    let cause = diagnosis.root_cause.map(|check| finding::name(Some(check)));
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

/// Writes each cause once, the worst last, with the targets that it concerns.
pub fn findings(groups: &[Group], report: &Report, wide: bool, page: &mut Page) -> io::Result<()> {
    let numbers = numbers(report.snapshot);
    for group in groups.iter().rev() {
        // What is as designed needs no healing; it would bury what does.
        let whole = wide || group.root && group.severity > Severity::Info;
        page.blank()?;
        head(group, usize::MAX, page)?;
        affects(group, if wide { usize::MAX } else { NAMED }, page)?;
        if whole {
            let extent = Extent::all(report.snapshot, &numbers);
            finding::proof(&group.findings, &extent, page)?;
        }
        super::follows(&group.follows, page)?;
    }
    Ok(())
}

/// Writes what is wrong, and no more characters of it than that.
pub fn head(group: &Group, most: usize, page: &mut Page) -> io::Result<()> {
    finding::heading(group.severity, &finding::name(group.check), page)?;
    let message = group.message.chars();
    let mut shown: String = message.clone().take(most).collect();
    if message.count() > most {
        shown.push_str("...");
    }
    page.wrapped(2, &[], 2, &Span::plain(shown))
}

/// How many objects of each kind there are in each namespace of which all were listed.
pub fn numbers(snapshot: &Snapshot) -> Numbers {
    let mut numbers = Numbers::new();
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet] {
        let mut names = BTreeSet::new();
        for (read, fact) in snapshot.reads.reads_of(kind.resource()) {
            let is_list = read.name.is_none() && read.labels.is_none() && read.fields.is_none();
            let listed = fact.got().filter(|_| is_list).map(Objects::metadata);
            names.extend(
                listed
                    .into_iter()
                    .flatten()
                    .map(|one| (one.namespace.clone().unwrap_or_default(), one.name.clone())),
            );
        }
        for (namespace, _) in names {
            *numbers.entry((kind, namespace)).or_default() += 1;
        }
    }
    numbers
}

/// Writes which targets a cause concerns: the names of the first, or, where they are of several namespaces and too many,
/// the numbers.
pub fn affects(group: &Group, limit: usize, page: &mut Page) -> io::Result<()> {
    let [first, rest @ ..] = group.targets.as_slice() else {
        return Ok(());
    };
    let finding = group.findings.first();
    let is_named = finding.is_some_and(|finding| is_named(&first.target, finding));
    if rest.is_empty() && first.predicted.is_none() && is_named {
        return Ok(());
    }
    // What is wrong with other webhooks of the mesh does nothing to those that inject.
    let is_of_mesh = group.check.is_some_and(|check| check.stage == Stage::Mesh);
    let is_beside = finding.is_some_and(|finding| finding.effect == Effect::Beside);
    if first.predicted.is_none() && is_of_mesh && is_beside {
        return Ok(());
    }
    page.wrapped(
        2,
        &[Span::new(Style::Faint, "affects")],
        10,
        &Span::plain(whom(&group.targets, limit)),
    )
}

/// Targets in words.
pub fn whom(targets: &[&Diagnosis], limit: usize) -> String {
    let mut namespaces: BTreeMap<&str, usize> = BTreeMap::new();
    for target in targets {
        *namespaces.entry(&target.target.namespace).or_default() += 1;
    }
    if namespaces.len() > 1 && targets.len() > limit {
        let number = namespaces.len();
        let mut all: Vec<_> = namespaces.into_iter().collect();
        all.sort_by_key(|(_, number)| Reverse(*number));
        let named = all.iter().take(limit);
        let named = named.map(|(name, number)| format!("{number} in {name}"));
        let more = number.saturating_sub(limit);
        let more = (more > 0).then(|| format!("{more} more namespaces"));
        return format!(
            "{} workloads in {number} namespaces: {}",
            targets.len(),
            words::and(&named.chain(more).collect::<Vec<_>>())
        );
    }
    let named = targets
        .iter()
        .take(limit)
        .map(|one| match namespaces.len() {
            1 => words::subject(one),
            _ => words::subject_and_namespace(one),
        });
    let more = targets.len().saturating_sub(limit);
    let more = (more > 0).then(|| format!("{more} more"));
    let text = words::and(&named.chain(more).collect::<Vec<_>>());
    let one_namespace = namespaces.keys().next().filter(|_| namespaces.len() == 1);
    match one_namespace.filter(|one| !one.is_empty()) {
        Some(one) if targets.len() > 1 => format!("{text}, all in {one}"),
        _ => text,
    }
}

/// Whether the evidence names the target already.
fn is_named(target: &Target, finding: &Finding) -> bool {
    let first = finding.evidence.first();
    first.is_some_and(|one| one.object == target.to_string())
}
