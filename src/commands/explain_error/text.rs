//! What an error text means, for people.

use std::collections::BTreeSet;
use std::io;

use injdoctor_checks::advice::advice;
use injdoctor_checks::texts::{Confidence, Match};

use crate::render::page::{Page, Span, Style};

/// A text has rarely more causes than a reader can weigh.
const MOST: usize = 6;

/// Says that the text names no cause.
pub fn unknown(page: &mut Page) -> io::Result<()> {
    let words = "This text names no cause that is known: it is not about injection or the mesh, or says it in words that are new. `injdoctor check` looks at the cluster itself.";
    page.wrapped(0, &[], 0, &Span::plain(words))
}

/// Says which of the causes the cluster has, before its own answer.
pub fn cluster(
    matches: &[Match],
    found: &BTreeSet<&'static str>,
    page: &mut Page,
) -> io::Result<()> {
    let names = matches.iter().map(|one| one.cause.name);
    let shown: Vec<_> = names
        .filter(|name| found.contains(name))
        .map(titled)
        .collect();
    let words = match shown.as_slice() {
        [] => "none of these causes is found there".to_owned(),
        [one] => format!("{one} is found there"),
        several => format!("of these causes {} are found there", several.join(", ")),
    };
    page.blank()?;
    page.wrapped(
        0,
        &[Span::new(Style::Strong, "in the cluster:")],
        2,
        &Span::plain(words),
    )?;
    page.blank()
}

/// Writes the causes, best first.
pub fn write(matches: &[Match], page: &mut Page) -> io::Result<()> {
    for (number, one) in matches.iter().take(MOST).enumerate() {
        if number > 0 {
            page.blank()?;
        }
        let before = number.checked_sub(1).and_then(|before| matches.get(before));
        let is_same = before.is_some_and(|before| before.found == one.found);
        cause(one, is_same, page)?;
    }
    let left = matches.len().saturating_sub(MOST);
    if left > 0 {
        page.blank()?;
        let more = format!("and {left} more; -o json lists all");
        page.line(0, &[Span::new(Style::Faint, more)])?;
    }
    Ok(())
}

/// Writes a cause. Values that stand with the one before are not told again.
fn cause(one: &Match, is_same: bool, page: &mut Page) -> io::Result<()> {
    let found = &one.found;
    let check = super::check(one.cause.name);
    let style = match one.cause.confidence {
        Confidence::Certain => Style::Error,
        Confidence::Likely => Style::Warning,
        Confidence::Possible => Style::Info,
    };
    page.line(
        0,
        &[
            Span::new(style, one.cause.confidence.name()),
            Span::plain(" "),
            Span::new(Style::Strong, titled(one.cause.name)),
        ],
    )?;
    let advice = advice(one.cause.name);
    if let Some(advice) = advice {
        page.wrapped(2, &[], 2, &Span::plain(advice.means))?;
    }
    if advice.is_none_or(|advice| advice.means != one.cause.because) {
        labelled("because", one.cause.because, page)?;
    }
    if one.times > 1 {
        labelled("times", &one.times.to_string(), page)?;
    }
    if !is_same {
        values(one, page)?;
    }
    let Some(advice) = advice else {
        return Ok(());
    };
    page.line(2, &[Span::plain("to decide")])?;
    page.command(4, &advice.decide(found))?;
    page.wrapped(
        4,
        &[Span::new(Style::Faint, "it is this if")],
        4,
        &Span::plain(advice.tells(found)),
    )?;
    page.line(2, &[Span::plain("to fix")])?;
    page.wrapped(4, &[], 4, &Span::plain(advice.fix))?;
    if let Some(command) = advice.heal(found) {
        page.command(4, &command)?;
    }
    let page_name = check.map_or(one.cause.name, |check| check.code);
    let more = format!("more: injdoctor explain {page_name}");
    page.line(2, &[Span::new(Style::Faint, more)])
}

/// A cause, with the code of the check that finds it.
fn titled(name: &str) -> String {
    match super::check(name) {
        Some(check) => format!("{} {name}", check.code),
        None => name.to_owned(),
    }
}

fn labelled(label: &str, text: &str, page: &mut Page) -> io::Result<()> {
    page.wrapped(2, &[Span::new(Style::Faint, label)], 4, &Span::plain(text))
}

/// The names and figures of the text.
fn values(one: &Match, page: &mut Page) -> io::Result<()> {
    let values = &one.found.values;
    let width = values.iter().map(|value| value.key.name().len()).max();
    for value in values {
        let label = format!("{:width$}", value.key.name(), width = width.unwrap_or(0));
        page.wrapped(
            4,
            &[Span::new(Style::Faint, label)],
            6,
            &Span::plain(&value.text),
        )?;
    }
    Ok(())
}
