//! From diagnoses to what a person or a program reads.

pub mod control_plane;
pub mod json;
pub mod markdown;
mod name;
pub mod page;
mod sanitize;
pub mod text;

use std::collections::BTreeSet;
use std::io::{self, Write};

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::Snapshot;

pub use sanitize::sanitize;

use crate::cli::{Answer, Format};
use crate::terminal::Look;
use page::Page;

/// What is to be rendered.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The facts.
    pub snapshot: &'a Snapshot,
    /// What they mean, in the order in which the subjects were given.
    pub diagnoses: &'a [Diagnosis],
    /// Whether the answer is a list, however many items it has.
    pub list: bool,
    /// Whether the facts come from a file, so that time has passed since.
    pub recorded: bool,
    /// What to say where there are no subjects.
    pub nothing: &'a str,
}

impl Report<'_> {
    /// The namespaces of the subjects.
    fn namespaces(&self) -> BTreeSet<&str> {
        self.diagnoses
            .iter()
            .map(|diagnosis| diagnosis.target.namespace.as_str())
            .collect()
    }
}

/// Writes a report in the format that the user asked for.
pub fn render(report: &Report, answer: Answer, look: Look, out: &mut dyn Write) -> io::Result<()> {
    match answer.output {
        Format::Text => text::text(report, false, &mut Page::new(out, look)),
        Format::Wide => text::text(report, true, &mut Page::new(out, look)),
        Format::Json => json::json(report, out),
        Format::Yaml => json::yaml(report, out),
        Format::Name => name::name(report, answer.fail_on, out),
    }
}
