//! From facts to an answer: the one way for live clusters, files and the demonstration.

use std::io::{self, Write};
use std::num::NonZero;
use std::thread::available_parallelism;

use injdoctor_checks::diagnose_all;
use injdoctor_checks::facts::{Connection, Snapshot};
use injdoctor_checks::report::{Command, quote};

use crate::cli;
use crate::codes::LeftOut;
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
    /// The arguments that ask the same again.
    pub again: Vec<String>,
}

impl Question {
    /// The command that asks the same again and shows everything.
    fn again(&self, connection: &Connection) -> String {
        let wide = ["-o", "wide"].map(str::to_owned);
        let command = Command::injdoctor(self.again.iter().cloned().chain(wide));
        // A file is found without a cluster.
        let nowhere = Connection::default();
        quote(&command.argv(if self.recorded { &nowhere } else { connection }))
    }
}

/// Judges the facts, writes the answer, and says how the run ends.
pub fn answer(
    snapshot: &Snapshot,
    question: &Question,
    format: &cli::Answer,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let (choice, mut left_out, mut exit) = (format.choice(), LeftOut::new(), Exit::Clear);
    let report = Report {
        snapshot,
        list: question.list,
        recorded: question.recorded,
        nothing: &question.nothing,
        again: &question.again(&snapshot.connection),
        narrowed: !choice.is_all(),
    };
    // One after another, so that thousands take no more memory than some.
    diagnose_all(snapshot, threads(snapshot), |diagnoses| {
        let mut diagnoses = diagnoses.map(|mut diagnosis| {
            choice.narrow(&mut diagnosis, &mut left_out);
            exit = exit.with(&diagnosis, format.fail_on);
            diagnosis
        });
        let written = render::render(&report, &mut diagnoses, format, look, out);
        super::finish(written, out)?;
        // Where a reader has seen enough, the rest still decides how the run ends.
        diagnoses.for_each(drop);
        anyhow::Ok(())
    })?;
    tell_left_out(&left_out);
    Ok(exit)
}

/// How many subjects are worth a thread of their own.
const WORTH_A_THREAD: usize = 100;

/// How many threads may judge: no more than there are cores.
pub(super) fn threads(snapshot: &Snapshot) -> usize {
    let cores = available_parallelism().map_or(1, NonZero::get);
    cores.min(snapshot.subjects.len() / WORTH_A_THREAD)
}

/// Says on standard error what the user left out.
pub(super) fn tell_left_out(left_out: &LeftOut) {
    let all = left_out
        .iter()
        .map(|((code, name), number)| format!("{code} {name} ({number})"));
    let all: Vec<_> = all.collect();
    if !all.is_empty() {
        // Where standard error is closed, there is nowhere left to say it.
        let _ = writeln!(
            io::stderr(),
            "note: findings left out by --select or --ignore: {}",
            all.join(", ")
        );
    }
}
