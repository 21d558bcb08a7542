//! One finding: as a block with everything, or in short.

use std::collections::BTreeSet;
use std::io;

use injdoctor_checks::causes::Check;
use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::report::{Command, Evidence, Finding, Fix, Numbers, Severity, Together};

use super::words;
use crate::render::page::{Page, Span, Style};

/// Longer values are cut: a certificate or a template would push the rest off the screen.
const VALUE: usize = 300;

/// How much of a finding is written.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'a> {
    /// The snapshot, for times and for the way to the cluster.
    pub snapshot: &'a Snapshot,
    /// How many objects there are of each kind.
    pub numbers: &'a Numbers,
    /// Fixes at most.
    pub fixes: usize,
    /// Commands in a row at most; how many more there are is said.
    pub commands: usize,
    /// Whether what becomes of it, and the way back, is written as well.
    pub whole: bool,
}

impl<'a> Extent<'a> {
    /// All of it.
    pub fn all(snapshot: &'a Snapshot, numbers: &'a Numbers) -> Self {
        Self {
            snapshot,
            numbers,
            fixes: usize::MAX,
            commands: usize::MAX,
            whole: true,
        }
    }
}

/// Writes the whole finding: what, where, who and when, and what heals it.
pub fn block(
    check: &Check,
    finding: &Finding,
    snapshot: &Snapshot,
    page: &mut Page,
) -> io::Result<()> {
    short(check, finding, page)?;
    let numbers = Numbers::default();
    proof(&[finding], &Extent::all(snapshot, &numbers), page)
}

/// Writes what stands below the message: evidence of the first of the findings, and what heals all of them.
pub fn proof(findings: &[&Finding], extent: &Extent, page: &mut Page) -> io::Result<()> {
    let Some(first) = findings.first() else {
        return Ok(());
    };
    if !first.evidence.is_empty() {
        page.blank()?;
    }
    for one in &first.evidence {
        evidence(one, extent.snapshot, page)?;
    }
    fixes(findings, extent, page)
}

/// Writes what heals all of the findings.
pub fn fixes(findings: &[&Finding], extent: &Extent, page: &mut Page) -> io::Result<()> {
    let number = findings.first().map_or(0, |first| first.fixes.len());
    for at in 0..number.min(extent.fixes) {
        if extent.whole {
            page.blank()?;
        }
        let same = findings.iter().filter_map(|finding| finding.fixes.get(at));
        fix(at + 1, &same.collect::<Vec<_>>(), extent, page)?;
    }
    if extent.whole
        && let more @ 1.. = number.saturating_sub(extent.fixes)
    {
        let ways = words::count(more, "other way", "other ways");
        page.blank()?;
        page.line(
            2,
            &[Span::new(
                Style::Faint,
                format!("{ways} to fix it: -o wide"),
            )],
        )?;
    }
    Ok(())
}

/// Writes what is wrong, and nothing more.
pub fn short(check: &Check, finding: &Finding, page: &mut Page) -> io::Result<()> {
    heading(finding.severity, &name(Some(check)), page)?;
    page.wrapped(2, &[], 2, &Span::plain(&finding.message))
}

/// The name of what explains something.
pub fn name(check: Option<&Check>) -> String {
    match check {
        Some(check) => format!("{} {}", check.code, check.name),
        None => "no check explains this".to_owned(),
    }
}

/// Writes a severity and what has it.
pub fn heading(severity: Severity, name: &str, page: &mut Page) -> io::Result<()> {
    page.line(
        0,
        &[
            Span::new(severity.into(), words::severity(severity)),
            Span::new(Style::Strong, format!(" {name}")),
        ],
    )
}

fn evidence(evidence: &Evidence, snapshot: &Snapshot, page: &mut Page) -> io::Result<()> {
    let (object, path) = (evidence.object.as_str(), evidence.path.as_str());
    if path.is_empty() {
        page.line(2, &[Span::plain(object)])?;
    } else if object.len() + path.len() + 4 <= page.look().width {
        page.line(2, &[Span::plain(format!("{object}  {path}"))])?;
    } else {
        page.line(2, &[Span::plain(object)])?;
        page.line(4, &[Span::plain(path)])?;
    }
    let absent = evidence.expected.is_some().then_some("(absent)");
    if let Some(actual) = evidence.actual.as_deref().or(absent) {
        field("is", actual, page)?;
    }
    if let Some(expected) = &evidence.expected {
        field("should be", expected, page)?;
    }
    match (&evidence.set_by, evidence.set_at) {
        (Some(by), Some(at)) => {
            let ago = words::ago(at, snapshot.recorded_at);
            field("set by", &format!("{by}, {ago}"), page)
        }
        (Some(by), None) => field("set by", by, page),
        (None, Some(at)) => field("set", &words::ago(at, snapshot.recorded_at), page),
        (None, None) => Ok(()),
    }
}

fn field(name: &str, value: &str, page: &mut Page) -> io::Result<()> {
    let value = match value {
        "" => "(empty)".to_owned(),
        value => cut(value),
    };
    let lead = format!("{name:10}");
    page.wrapped(6, &[Span::new(Style::Faint, lead)], 17, &Span::plain(value))
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(VALUE) {
        Some((at, _)) => {
            let (shown, rest) = value.split_at_checked(at).unwrap_or((value, ""));
            format!("{shown}... ({} characters more)", rest.chars().count())
        }
        None => value.to_owned(),
    }
}

/// Writes a fix that several targets need.
fn fix(number: usize, same: &[&Fix], extent: &Extent, page: &mut Page) -> io::Result<()> {
    let Some(fix) = same.first() else {
        return Ok(());
    };
    let titles: BTreeSet<_> = same.iter().map(|one| one.title.as_str()).collect();
    let others = match titles.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(", and likewise {more} more"),
    };
    let title = format!("{}{others} ({})", fix.title, words::risk(fix.risk));
    page.wrapped(
        2,
        &[Span::plain(format!("{number}."))],
        5,
        &Span::new(Style::Strong, title),
    )?;
    let together = Together::new(same, extent.numbers);
    commands(&together.steps, extent, page)?;
    for (next, steps) in fix.then.iter().zip(&together.then) {
        let text = format!("{}, as {}", next.title, next.because);
        page.wrapped(
            5,
            &[Span::new(Style::Faint, "then")],
            10,
            &Span::plain(text),
        )?;
        commands(steps, extent, page)?;
    }
    if !together.restart.is_empty() {
        if !fix.then.is_empty() {
            page.line(5, &[Span::new(Style::Faint, "at last")])?;
        }
        commands(&together.restart, extent, page)?;
    }
    if !extent.whole {
        return Ok(());
    }
    if !fix.changes.is_empty() {
        page.wrapped(
            5,
            &[Span::new(Style::Faint, "changes ")],
            14,
            &Span::plain(&fix.changes),
        )?;
    }
    if let Some(after) = &fix.after {
        let only_first = same.iter().any(|one| one.after.as_ref() != Some(after));
        let first = match only_first {
            true => " (worked out for the first)",
            false => "",
        };
        page.wrapped(
            5,
            &[Span::new(Style::Faint, "after this:")],
            14,
            &Span::plain(words::after(after) + first),
        )?;
    }
    if !together.undo.is_empty() {
        page.line(5, &[Span::new(Style::Faint, "undo")])?;
        commands(&together.undo, extent, page)?;
    }
    Ok(())
}

fn commands(commands: &[Command], extent: &Extent, page: &mut Page) -> io::Result<()> {
    for command in commands.iter().take(extent.commands) {
        page.command(7, &command.argv(&extent.snapshot.connection))?;
    }
    match commands.len().saturating_sub(extent.commands) {
        0 => Ok(()),
        more => {
            let more = words::count(more, "more command", "more commands");
            let text = format!("and {more} like these: -o wide");
            page.line(7, &[Span::new(Style::Faint, text)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn long_values_are_cut_between_characters() {
        let value = "ü".repeat(310);
        assert_eq!(
            cut(&value),
            format!("{}... (10 characters more)", "ü".repeat(300))
        );
        assert_eq!(cut("short"), "short");
    }
}
