//! `injdoctor explain`.

use std::io::{self, Write};

use anyhow::bail;
use injdoctor_checks::Stage;
use injdoctor_checks::causes::Check;
use injdoctor_checks::registry;

use super::explain_error;
use crate::cli::Explain;
use crate::docs;
use crate::exit::Exit;
use crate::render::markdown;
use crate::render::page::{Page, Span, Style};
use crate::render::text::table::Columns;
use crate::terminal::Look;

/// Writes the documentation of a check, or the list of all.
pub fn run(arguments: &Explain, look: Look, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if let Some(text) = &arguments.error {
        return explain_error::run(text, arguments.output, look, out);
    }
    let written = match &arguments.subject {
        Some(subject) => one(find(subject)?, &mut Page::new(out, look)),
        None => all(&mut Page::new(out, look)),
    };
    super::finish(written, out)?;
    Ok(Exit::Clear)
}

fn find(subject: &str) -> anyhow::Result<&'static Check> {
    let found = registry().find(|check| {
        check.code.eq_ignore_ascii_case(subject) || check.name.eq_ignore_ascii_case(subject)
    });
    match found {
        Some(check) => Ok(check),
        None => bail!(
            "{subject:?} is neither a code nor a name of a check; did you mean {}? \
             `injdoctor explain` lists all",
            nearest(subject)
        ),
    }
}

fn nearest(subject: &str) -> String {
    let (code, name) = (subject.to_uppercase(), subject.to_lowercase());
    let likeness = |check: &Check| {
        strsim::jaro_winkler(check.code, &code).max(strsim::jaro_winkler(check.name, &name))
    };
    let nearest = registry().reduce(|best, check| {
        if likeness(check) > likeness(best) {
            check
        } else {
            best
        }
    });
    nearest.map_or_else(String::new, |check| {
        format!("{} {}", check.code, check.name)
    })
}

fn one(check: &Check, page: &mut Page) -> io::Result<()> {
    let title = format!("{} {}", check.code, check.name);
    page.line(0, &[Span::new(Style::Strong, title)])?;
    let stage = format!("{}: {}", check.stage.name(), docs::question(check.stage));
    page.line(0, &[Span::new(Style::Faint, stage)])?;
    let text = docs::page(check);
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    markdown::write(body, page)
}

fn all(page: &mut Page) -> io::Result<()> {
    for (number, stage) in Stage::ALL.into_iter().enumerate() {
        let checks: Vec<_> = registry().filter(|check| check.stage == stage).collect();
        if checks.is_empty() {
            continue;
        }
        if number > 0 {
            page.blank()?;
        }
        let heading = format!("{}: {}", stage.name(), docs::question(stage));
        page.line(0, &[Span::new(Style::Strong, heading)])?;
        let mut columns = Columns::headless(page);
        for check in checks {
            columns.row([
                (Style::Plain, check.code.to_owned()),
                (Style::Plain, check.name.to_owned()),
                (
                    Style::Plain,
                    check.sentence().trim_end_matches('.').to_owned(),
                ),
            ]);
        }
        columns.write(page)?;
    }
    Ok(())
}
