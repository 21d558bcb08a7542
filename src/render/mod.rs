//! From diagnoses to what a person or a program reads.

mod incident;
pub mod json;
mod junit;
pub mod markdown;
mod name;
pub mod page;
mod sanitize;
pub mod text;

use std::io::{self, Write};

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::{Connection, Snapshot};
use injdoctor_checks::report::{Fix, quote};

pub use sanitize::sanitize;

use crate::cli::{Answer, Format};
use crate::terminal::Look;
use page::Page;

/// What is to be rendered.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The facts.
    pub snapshot: &'a Snapshot,
    /// Whether the answer is a list, however many items it has.
    pub list: bool,
    /// Whether the facts come from a file, so that time has passed since.
    pub recorded: bool,
    /// What to say where there are no subjects.
    pub nothing: &'a str,
    /// The command that shows everything.
    pub again: &'a str,
    /// Whether findings may have been left out, and a root cause among them.
    pub narrowed: bool,
}

impl Report<'_> {
    /// Whether the subjects are of more than one namespace.
    fn has_several_namespaces(&self) -> bool {
        let subjects = self.snapshot.subjects.iter();
        let mut namespaces = subjects.map(|subject| &subject.target.namespace);
        let first = namespaces.next();
        namespaces.any(|other| Some(other) != first)
    }
}

/// What the facts mean, for one subject after another, in the order in which they were given.
pub type Diagnoses<'a> = &'a mut dyn Iterator<Item = Diagnosis>;

/// Writes a report in the format that the user asked for.
pub fn render(
    report: &Report,
    diagnoses: Diagnoses,
    answer: &Answer,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    match answer.output {
        Format::Text => text::text(report, diagnoses, false, &mut Page::new(out, look)),
        Format::Wide => text::text(report, diagnoses, true, &mut Page::new(out, look)),
        Format::Json => json::json(report, diagnoses, out),
        Format::Yaml => json::yaml(report, diagnoses, out),
        Format::Jsonl => json::lines(report, diagnoses, out),
        Format::Name => name::name(diagnoses, answer.fail_on, out),
        Format::Junit => junit::junit(report, diagnoses, answer.fail_on, out),
        Format::Markdown => incident::markdown(report, diagnoses, out),
    }
}

/// The commands of a fix, each as a line for a shell.
fn commands(fix: &Fix, connection: &Connection) -> Vec<String> {
    let commands = fix.commands().into_iter();
    commands
        .map(|command| quote(&command.argv(connection)))
        .collect()
}
