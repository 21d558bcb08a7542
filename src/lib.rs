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
pub mod commands;
pub mod demo;
pub mod docs;
pub mod documents;
pub mod exit;
pub mod input;
pub mod manifest;
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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // There is nowhere left to say that standard error, or the pager, is closed.
            let _ = usage.print();
            return if usage.use_stderr() {
                Exit::Failure.into()
            } else {
                Exit::Clear.into()
            };
        }
    };
    let look = Look::detect(cli.color).install();
    let mut out = BufWriter::new(io::stdout().lock());
    match commands::run(&cli, look, &mut out) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let words = render::sanitize(&format!("{error:#}"), look.unicode).into_owned();
            let _ = writeln!(io::stderr(), "error: {words}");
            Exit::Failure.into()
        }
    }
}
