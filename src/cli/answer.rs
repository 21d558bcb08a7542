//! How a diagnosis is answered: the format, and what counts in the exit code.

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use injdoctor_checks::causes;
use injdoctor_checks::report::Severity;

use crate::codes::{self, Choice};
use crate::complete;

/// How to answer.
#[derive(Clone, Debug, Args)]
pub struct Answer {
    /// Format of the answer
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub output: Format,
    /// Severity from which findings make the exit code 1
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "warning",
        help_heading = "Output"
    )]
    pub fail_on: FailOn,
    /// Only findings of these, by code or name, with commas between them; what nothing explains stays
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        value_parser = codes::check,
        add = ArgValueCandidates::new(complete::codes),
        help_heading = "Output"
    )]
    pub select: Vec<&'static causes::Check>,
    /// No findings of these, neither in the answer nor in the exit code; that pods are refused stays
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        value_parser = codes::check,
        add = ArgValueCandidates::new(complete::codes),
        conflicts_with = "select",
        help_heading = "Output"
    )]
    pub ignore: Vec<&'static causes::Check>,
}

impl Answer {
    /// An answer in which all findings count.
    pub fn with_all(output: Format, fail_on: FailOn) -> Self {
        Self {
            output,
            fail_on,
            select: Vec::new(),
            ignore: Vec::new(),
        }
    }

    /// Which findings count.
    pub fn choice(&self) -> Choice<'_> {
        match self.select.as_slice() {
            [] => Choice::AllBut(&self.ignore),
            these => Choice::Only(these),
        }
    }
}
/// The formats of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the root cause and what fixes it
    Text,
    /// For people: every check, every call and every fix as well
    Wide,
    /// For programs, by the schema in docs/json
    Json,
    /// The same as YAML
    Yaml,
    /// The same as JSON with a line for each target
    Jsonl,
    /// Only the names of targets with findings at or above --fail-on, for xargs -L1 injdoctor check
    Name,
    /// For CI systems: a test case for each target
    Junit,
    /// To paste into a chat: the verdict, and each cause once with its fix
    Markdown,
}

/// The severity from which findings fail the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Pods are rejected, or others break
    Error,
    /// Somebody asked for injection and does not get it, or the reverse
    Warning,
    /// Anything at all
    Info,
    /// No finding fails the run
    Never,
}

impl FailOn {
    /// Whether a finding of this severity fails the run.
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => true,
            Self::Never => false,
        }
    }
}
