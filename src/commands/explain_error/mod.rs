//! `injdoctor explain --error`.

mod json;
mod text;

use std::io::{self, Read, Write};

use anyhow::Context;
use injdoctor_checks::causes::Check;
use injdoctor_checks::registry;
use injdoctor_checks::texts::recognise;

use crate::cli::ExplainFormat;
use crate::exit::Exit;
use crate::render;
use crate::render::page::Page;
use crate::terminal::Look;

/// Says what an error text means: the causes, best first.
pub fn run(
    given: &str,
    format: ExplainFormat,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let text = match given {
        "-" => standard_input()?,
        text => text.to_owned(),
    };
    anyhow::ensure!(!text.trim().is_empty(), "the error text is empty");
    let matches = recognise(&text);
    let written = match format {
        ExplainFormat::Text => text::write(&matches, &mut Page::new(out, look)),
        ExplainFormat::Json => render::json::pretty(&json::answer(&matches), out),
    };
    super::finish(written, out)?;
    Ok(match matches.is_empty() {
        true => Exit::Unknown,
        false => Exit::Clear,
    })
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
