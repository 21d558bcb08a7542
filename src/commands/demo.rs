//! `injdoctor demo`.

use std::io::{self, Write};

use anyhow::bail;

use super::answer::{Question, answer};
use crate::cli::{self, FailOn, Format};
use crate::demo::{SCENARIOS, Scenario};
use crate::exit::Exit;
use crate::render::page::{Page, Span, Style};
use crate::render::text::table::Columns;
use crate::snapshot_file;
use crate::terminal::Look;

/// Diagnoses a recorded cluster. What it finds there is nobody's fault, so the exit code is 0.
pub fn run(arguments: &cli::Demo, look: Look, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let scenario = find(arguments.scenario.as_deref())?;
    let snapshot = snapshot_file::parse(scenario.snapshot.to_owned(), scenario.name)?;
    let question = Question {
        list: snapshot.subjects.len() != 1,
        recorded: true,
        nothing: String::new(),
        again: vec!["demo".to_owned(), scenario.name.to_owned()],
    };
    let format = cli::Answer::with_all(Format::Text, FailOn::Never);
    answer(&snapshot, &question, &format, look, out)?;
    if arguments.scenario.is_none() {
        let written = others(scenario, &mut Page::new(out, look));
        super::finish(written, out)?;
    }
    Ok(Exit::Clear)
}

fn find(name: Option<&str>) -> anyhow::Result<&'static Scenario> {
    let scenario = match name {
        Some(name) => SCENARIOS.iter().find(|scenario| scenario.name == name),
        None => SCENARIOS.first(),
    };
    match (scenario, name) {
        (Some(scenario), _) => Ok(scenario),
        (None, name) => bail!(
            "there is no scenario {:?}; there are: {}",
            name.unwrap_or_default(),
            SCENARIOS
                .iter()
                .map(|one| one.name)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn others(shown: &Scenario, page: &mut Page) -> io::Result<()> {
    page.blank()?;
    let heading = format!("this was `injdoctor demo {}`; there are also:", shown.name);
    page.line(0, &[Span::new(Style::Faint, heading)])?;
    let mut columns = Columns::headless(page);
    for scenario in SCENARIOS.iter().filter(|one| one.name != shown.name) {
        columns.row([
            (Style::Plain, format!("  {}", scenario.name)),
            (Style::Plain, scenario.story.to_owned()),
        ]);
    }
    columns.write(page)
}
