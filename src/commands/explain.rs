//! `injdoctor explain`.

use std::io::{self, Write};

use anyhow::Error;
use injdoctor_checks::Stage;
use injdoctor_checks::causes::{Cause, catalogue};

use super::explain_error;
use crate::cli::{ConnectionFlags, Explain};
use crate::codes;
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
    let cause = arguments
        .subject
        .as_deref()
        .map(codes::find)
        .transpose()
        .map_err(Error::msg)?;
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

fn one(cause: Cause, page: &mut Page) -> io::Result<()> {
    page.line(0, &[Span::new(Style::Strong, codes::title(cause))])?;
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
