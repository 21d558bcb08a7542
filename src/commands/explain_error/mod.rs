//! `injdoctor explain --error`.

mod json;
mod place;
mod text;

use std::io::{self, Read, Write};

use anyhow::Context;
use injdoctor_checks::causes::Check;
use injdoctor_checks::facts::{Kind, Snapshot};
use injdoctor_checks::registry;
use injdoctor_checks::texts::{Match, recognise};
use place::Named;

use super::answer::{Question, answer};
use crate::cli::{Answer, ConnectionFlags, ExplainFormat, FailOn, Format};
use crate::exit::Exit;
use crate::render;
use crate::render::page::Page;
use crate::terminal::Look;

/// Says what an error text means: the causes, best first. Where there is a cluster that has what the text names, it goes
/// on and answers about that as `check` or `webhook` would.
pub fn run(
    given: &str,
    format: ExplainFormat,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let text = match given {
        "-" => standard_input()?,
        text => text.to_owned(),
    };
    anyhow::ensure!(!text.trim().is_empty(), "the error text is empty");
    let matches = recognise(&text);
    if matches.is_empty() {
        let written = match format {
            ExplainFormat::Text => text::unknown(&mut Page::new(out, look)),
            ExplainFormat::Json => render::json::pretty(&json::answer(&matches, None), out),
        };
        super::finish(written, out)?;
        return Ok(Exit::Unknown);
    }
    match format {
        ExplainFormat::Text => as_text(&matches, connection, look, out),
        ExplainFormat::Json => as_json(&matches, connection, look, out),
    }
}

/// The text comes first, as it needs no cluster.
fn as_text(
    matches: &[Match],
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let written = text::write(matches, &mut Page::new(out, look));
    super::finish(written, out)?;
    let Some(snapshot) = Named::by(matches).read(connection, look)? else {
        return Ok(Exit::Clear);
    };
    let found = place::found(&snapshot);
    text::cluster(matches, &found, &mut Page::new(out, look))?;
    in_cluster(&snapshot, Format::Text, look, out)
}

fn as_json(
    matches: &[Match],
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let snapshot = Named::by(matches).read(connection, look)?;
    let mut cluster = Vec::new();
    let (exit, found) = match &snapshot {
        Some(snapshot) => (
            in_cluster(snapshot, Format::Json, look, &mut cluster)?,
            Some((place::found(snapshot), serde_json::from_slice(&cluster)?)),
        ),
        None => (Exit::Clear, None),
    };
    let written = render::json::pretty(&json::answer(matches, found), out);
    super::finish(written, out)?;
    Ok(exit)
}

/// Answers about what the text names.
fn in_cluster(
    snapshot: &Snapshot,
    output: Format,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let question = Question {
        list: snapshot.subjects.len() != 1,
        recorded: false,
        nothing: "nothing that the text names is there".to_owned(),
        again: again(snapshot),
    };
    let format = Answer::with_all(output, FailOn::Warning);
    answer(snapshot, &question, &format, look, out)
}

/// The arguments that ask about what the text names.
fn again(snapshot: &Snapshot) -> Vec<String> {
    let mut targets = snapshot.subjects.iter().map(|subject| &subject.target);
    let words = match targets.next() {
        Some(first) if first.kind == Kind::MutatingWebhookConfiguration => vec!["webhook"],
        Some(first) if targets.all(|one| one.namespace == first.namespace) => {
            vec!["check", "-n", &first.namespace]
        }
        _ => vec!["check", "-A"],
    };
    words.into_iter().map(str::to_owned).collect()
}

/// All of standard input. A log may hold bytes that are no text.
fn standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The check that finds a cause in a cluster.
fn check(name: &str) -> Option<&'static Check> {
    registry().find(|check| check.name == name)
}
