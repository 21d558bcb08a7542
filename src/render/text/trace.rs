//! What `-o wide` adds: every call and every check.

use std::fmt::Display;
use std::io;

use injdoctor_checks::diagnosis::{Diagnosis, Status};
use injdoctor_checks::way::{Answer, Call};

use super::mark::Mark;
use super::words;
use crate::render::page::{Page, Span, Style};

/// Writes when what happened to the pod and to what decides about it.
pub fn timeline(diagnosis: &Diagnosis, page: &mut Page) -> io::Result<()> {
    if diagnosis.timeline.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(0, &[Span::new(Style::Strong, "what happened when (UTC)")])?;
    for moment in &diagnosis.timeline {
        let at = format!("{} ", words::clock(moment.at));
        page.wrapped(
            2,
            &[Span::new(Style::Faint, at)],
            12,
            &Span::plain(&moment.what),
        )?;
    }
    Ok(())
}

/// Writes every webhook entry in call order, with each answer and its reason.
pub fn calls(diagnosis: &Diagnosis, page: &mut Page) -> io::Result<()> {
    let Some(predicted) = diagnosis
        .predicted
        .as_ref()
        .filter(|one| !one.calls.is_empty())
    else {
        return Ok(());
    };
    page.blank()?;
    page.line(
        0,
        &[Span::new(
            Style::Strong,
            "webhooks, in the order in which the API server comes to them",
        )],
    )?;
    for call in &predicted.calls {
        let kind = if call.injector { "" } else { " (not Istio's)" };
        page.line(
            2,
            &[Span::plain(format!(
                "{}/{}{kind}",
                call.configuration, call.entry
            ))],
        )?;
        steps(call, page)?;
    }
    Ok(())
}

fn steps(call: &Call, page: &mut Page) -> io::Result<()> {
    step("called", Some(&call.called), page)?;
    step("reached", call.reached.as_ref(), page)?;
    step("wanted", call.wanted.as_ref(), page)?;
    step("rendered", call.rendered.as_ref(), page)
}

fn step<Y: Display, N: Display>(
    name: &str,
    answer: Option<&Answer<Y, N>>,
    page: &mut Page,
) -> io::Result<()> {
    let Some(answer) = answer else {
        return Ok(());
    };
    let mark = match answer {
        Answer::Yes(_) => Mark::Yes,
        Answer::No(_) => Mark::No,
        Answer::Unknown(_) => Mark::Unknown,
    };
    row(name, mark, &answer.to_string(), page)
}

/// Writes what the prediction takes for granted, a line for each.
pub fn assumptions(diagnosis: &Diagnosis, page: &mut Page) -> io::Result<()> {
    if diagnosis.assumptions.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(0, &[Span::new(Style::Strong, "assumptions")])?;
    for one in &diagnosis.assumptions {
        let text = format!("{}: {}", one.object, one.assumes);
        page.wrapped(2, &[], 4, &Span::plain(text))?;
    }
    Ok(())
}

/// Writes every check and what came of it.
pub fn checks(diagnosis: &Diagnosis, page: &mut Page) -> io::Result<()> {
    page.blank()?;
    page.line(0, &[Span::new(Style::Strong, "checks")])?;
    for result in &diagnosis.checks {
        let (mark, reason) = match &result.status {
            Status::Passed => (Mark::Yes, String::new()),
            Status::Failed => (Mark::No, String::new()),
            Status::Unknown(missing) => (Mark::Unknown, missing.to_string()),
            Status::NotApplicable(reason) => (Mark::Pointless, reason.to_string()),
        };
        let unicode = page.look().unicode;
        let name = format!("{} {}", result.check.code, result.check.name);
        let text = if reason.is_empty() {
            name
        } else {
            format!("{name}: {reason}")
        };
        let lead = [mark.span(unicode, Style::Error)];
        page.wrapped(2, &lead, 4 + Mark::width(unicode), &Span::plain(text))?;
    }
    Ok(())
}

fn row(name: &str, mark: Mark, text: &str, page: &mut Page) -> io::Result<()> {
    let unicode = page.look().unicode;
    let lead = [
        Span::plain(format!("{name:10}")),
        mark.span(unicode, Style::Plain),
    ];
    page.wrapped(4, &lead, 14 + Mark::width(unicode), &Span::plain(text))
}
