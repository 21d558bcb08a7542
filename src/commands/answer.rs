//! From facts to an answer: the one way for live clusters, files and the demonstration.

use std::io::Write;

use injdoctor_checks::facts::Snapshot;

use crate::cli;
use crate::exit::Exit;
use crate::render::{self, Report};
use crate::terminal::Look;

/// What goes with the facts.
#[derive(Debug)]
pub struct Question {
    /// Whether the answer is a list, however many items it has.
    pub list: bool,
    /// Whether the facts come from a file.
    pub recorded: bool,
    /// What to say where there are no subjects.
    pub nothing: String,
}

/// Judges the facts, writes the answer, and says how the run ends.
pub fn answer(
    snapshot: &Snapshot,
    question: &Question,
    format: cli::Answer,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let diagnoses = injdoctor_checks::diagnose(snapshot);
    let report = Report {
        snapshot,
        diagnoses: &diagnoses,
        list: question.list,
        recorded: question.recorded,
        nothing: &question.nothing,
    };
    let written = render::render(&report, format, look, out);
    super::finish(written, out)?;
    Ok(Exit::of(&diagnoses, format.fail_on))
}
