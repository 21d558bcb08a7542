//! injdoctor says why a Kubernetes pod is not, or cannot be, injected with the Istio sidecar.
//!
//! The binary in a library, so that tests can get at its parts. What decides is in `injdoctor-checks`;
//! here is what goes around it: the command line, reading the cluster, and writing the answer.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )
)]

pub mod cli;
pub mod cluster;
pub mod codes;
pub mod commands;
pub mod demo;
pub mod docs;
pub mod documents;
pub mod exit;
pub mod folder;
mod guard;
pub mod input;
pub mod log;
pub mod manifest;
mod pager;
pub mod progress;
pub mod render;
pub mod snapshot_file;
pub mod target;
pub mod terminal;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use exit::Exit;
use terminal::Look;

/// Runs the program: reads the command line, writes to standard output, and returns the exit code.
pub fn run() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    match guard::guarded(|| answer(&mut out)) {
        Ok(code) => code,
        Err(defect) => {
            // An answer that breaks off in the middle is none.
            drop(out.into_parts());
            fail(&defect, false)
        }
    }
}

fn answer(out: &mut dyn Write) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return tell(&usage, out),
    };
    let look = Look::detect(cli.color).install();
    match commands::run(&cli, look, out) {
        Ok(exit) => exit.into(),
        Err(error) => fail(&format!("{error:#}"), look.unicode),
    }
}

/// Help and version go to standard output, and what is wrong with the usage to standard error.
fn tell(usage: &clap::Error, out: &mut dyn Write) -> ExitCode {
    let told = usage.print();
    if usage.use_stderr() {
        return Exit::Failure.into();
    }
    match commands::finish(told, out) {
        Ok(()) => Exit::Clear.into(),
        Err(error) => fail(&error.to_string(), false),
    }
}

/// Says on standard error what went wrong. Where that is closed, there is nowhere left to say it.
fn fail(words: &str, unicode: bool) -> ExitCode {
    let words = render::sanitize(words, unicode);
    let _ = writeln!(io::stderr(), "error: {words}");
    Exit::Failure.into()
}
