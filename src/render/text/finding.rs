//! One finding: as a block with everything, or in short.

use std::io;

use injdoctor_checks::causes::Check;
use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::report::{Command, Evidence, Finding, Fix, Step};

use super::words;
use crate::render::page::{Page, Span, Style};

/// Longer values are cut: a certificate or a template would push the rest off the screen.
const VALUE: usize = 300;

/// Writes the whole finding: what, where, who and when, and what heals it.
pub fn block(
    check: &Check,
    finding: &Finding,
    snapshot: &Snapshot,
    page: &mut Page,
) -> io::Result<()> {
    short(check, finding, page)?;
    proof(finding, snapshot, page)
}

/// Writes what stands below the message: evidence, and what heals.
pub fn proof(finding: &Finding, snapshot: &Snapshot, page: &mut Page) -> io::Result<()> {
    if !finding.evidence.is_empty() {
        page.blank()?;
    }
    for one in &finding.evidence {
        evidence(one, snapshot, page)?;
    }
    for (number, one) in finding.fixes.iter().enumerate() {
        page.blank()?;
        fix(number + 1, one, snapshot, page)?;
    }
    Ok(())
}

/// Writes what is wrong, and nothing more.
pub fn short(check: &Check, finding: &Finding, page: &mut Page) -> io::Result<()> {
    heading(check, finding, page)?;
    page.wrapped(2, &[], 2, &Span::plain(&finding.message))
}

fn heading(check: &Check, finding: &Finding, page: &mut Page) -> io::Result<()> {
    let severity = words::severity(finding.severity);
    let name = format!(" {} {}", check.code, check.name);
    page.line(
        0,
        &[
            Span::new(finding.severity.into(), severity),
            Span::new(Style::Strong, name),
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

fn fix(number: usize, fix: &Fix, snapshot: &Snapshot, page: &mut Page) -> io::Result<()> {
    let title = format!("{} ({})", fix.title, words::risk(fix.risk));
    page.wrapped(
        2,
        &[Span::plain(format!("{number}."))],
        5,
        &Span::new(Style::Strong, title),
    )?;
    steps(&fix.steps, snapshot, page)?;
    for next in &fix.then {
        let text = format!("{}, as {}", next.title, next.because);
        page.wrapped(
            5,
            &[Span::new(Style::Faint, "then")],
            10,
            &Span::plain(text),
        )?;
        steps(&next.steps, snapshot, page)?;
    }
    if !fix.restart.is_empty() {
        if !fix.then.is_empty() {
            page.line(5, &[Span::new(Style::Faint, "at last")])?;
        }
        steps(&fix.restart, snapshot, page)?;
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
        page.wrapped(
            5,
            &[Span::new(Style::Faint, "after this:")],
            14,
            &Span::plain(words::after(after)),
        )?;
    }
    let undo = fix.undo_commands();
    if !undo.is_empty() {
        page.line(5, &[Span::new(Style::Faint, "undo")])?;
        commands(&undo, snapshot, page)?;
    }
    Ok(())
}

fn steps(steps: &[Step], snapshot: &Snapshot, page: &mut Page) -> io::Result<()> {
    steps
        .iter()
        .try_for_each(|step| commands(&step.commands(), snapshot, page))
}

fn commands(commands: &[Command], snapshot: &Snapshot, page: &mut Page) -> io::Result<()> {
    for command in commands {
        page.command(7, &command.argv(&snapshot.connection))?;
    }
    Ok(())
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
