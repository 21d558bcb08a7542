//! `injdoctor explain`.

use std::io::{self, Write};

use anyhow::bail;
use injdoctor_checks::Stage;
use injdoctor_checks::causes::{Cause, catalogue};

use super::explain_error;
use crate::cli::{ConnectionFlags, Explain};
use crate::docs;
use crate::exit::Exit;
use crate::pager;
use crate::render::markdown;
use crate::render::page::{Page, Span, Style};
use crate::render::text::table::Columns;
use crate::terminal::Look;

/// Writes the page of a cause, or the list of all.
pub fn run(
    arguments: &Explain,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    if let Some(text) = &arguments.error {
        return explain_error::run(text, arguments.output, connection, look, out);
    }
    let cause = arguments.subject.as_deref().map(find).transpose()?;
    let written = pager::show(out, |out| {
        let mut page = Page::new(out, look);
        match cause {
            Some(cause) => one(cause, &mut page),
            None => all(&mut page),
        }
    });
    super::finish(written, out)?;
    Ok(Exit::Clear)
}

fn find(subject: &str) -> anyhow::Result<Cause> {
    let found = catalogue().find(|cause| {
        let code = cause.code().unwrap_or_default();
        let mut names = [code, digits(code), cause.name()].into_iter();
        names.any(|name| !subject.is_empty() && name.eq_ignore_ascii_case(subject))
    });
    match found {
        Some(cause) => Ok(cause),
        None => bail!(
            "{subject:?} is neither a code nor a name; did you mean {}? `injdoctor explain` lists all",
            nearest(subject)
        ),
    }
}

/// The number in a code.
fn digits(code: &str) -> &str {
    code.trim_start_matches("INJ")
}

fn nearest(subject: &str) -> String {
    let (code, name) = (subject.to_uppercase(), subject.to_lowercase());
    let likeness = |cause: Cause| {
        let by_code = cause.code().map_or(0.0, |one| {
            let by_number = strsim::jaro_winkler(digits(one), &code);
            by_number.max(strsim::jaro_winkler(one, &code))
        });
        by_code.max(strsim::jaro_winkler(cause.name(), &name))
    };
    let nearest = catalogue().reduce(|best, cause| {
        if likeness(cause) > likeness(best) {
            cause
        } else {
            best
        }
    });
    nearest.map_or_else(String::new, title)
}

/// The code, where there is one, and the name.
fn title(cause: Cause) -> String {
    match cause.code() {
        Some(code) => format!("{code} {}", cause.name()),
        None => cause.name().to_owned(),
    }
}

fn one(cause: Cause, page: &mut Page) -> io::Result<()> {
    page.line(0, &[Span::new(Style::Strong, title(cause))])?;
    let stage = cause.stage();
    let stage = format!("{}: {}", stage.name(), docs::question(stage));
    page.line(0, &[Span::new(Style::Faint, stage)])?;
    let text = docs::page(cause);
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    markdown::write(body, page)
}

fn all(page: &mut Page) -> io::Result<()> {
    let words = "What has no code is described only: no check finds it yet.";
    page.line(0, &[Span::plain(words)])?;
    for stage in Stage::ALL {
        page.blank()?;
        let heading = format!("{}: {}", stage.name(), docs::question(stage));
        page.line(0, &[Span::new(Style::Strong, heading)])?;
        let mut columns = Columns::headless(page);
        for cause in catalogue().filter(|cause| cause.stage() == stage) {
            let sentence = cause.sentence().trim_end_matches('.');
            let cells = [cause.code().unwrap_or("-"), cause.name(), sentence];
            columns.row(cells.map(|cell| (Style::Plain, cell.to_owned())));
        }
        columns.write(page)?;
    }
    Ok(())
}
