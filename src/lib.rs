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
mod complete;
pub mod demo;
pub mod docs;
pub mod documents;
pub mod exit;
pub mod folder;
mod guard;
pub mod input;
pub mod local;
pub mod log;
pub mod manifest;
mod pager;
pub mod progress;
pub mod render;
pub mod snapshot_file;
mod suggest;
pub mod target;
pub mod terminal;

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use clap_complete::CompleteEnv;

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
    let mut words = env::args_os();
    let called = words.next().unwrap_or_default();
    let called = Path::new(&called).file_stem().and_then(OsStr::to_str);
    if called == Some("kubectl_complete-injdoctor") {
        let told = complete::for_kubectl(words, out);
        return match commands::finish(told, out) {
            Ok(()) => Exit::Clear.into(),
            Err(error) => fail(&error.to_string(), false),
        };
    }
    let command = || match called {
        Some("kubectl-injdoctor") => Cli::command().bin_name("kubectl injdoctor"),
        _ => Cli::command(),
    };
    let folder = env::current_dir().ok();
    match CompleteEnv::with_factory(command).try_complete(env::args_os(), folder.as_deref()) {
        Ok(false) => {}
        Ok(true) => return Exit::Clear.into(),
        Err(usage) => return tell(&usage, out),
    }
    let parsed = command().try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
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
