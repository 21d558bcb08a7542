//! The measurement of one run of a program. It takes a small process between the bench and the program: the kernel
//! keeps one peak for all children, and a child begins with the memory of its parent.

use std::io::{self, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// What was seen of a run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// From the start to the end.
    pub(crate) seconds: f64,
    /// The most memory that it had at once: the resident set, in bytes.
    pub(crate) peak: u64,
    /// How many bytes it printed.
    pub(crate) printed: u64,
    /// Its exit code, if it was not killed.
    pub(crate) code: Option<i32>,
}

/// Runs a program, reads all that it prints, and prints its [`Run`] as JSON.
pub(crate) fn tell_of(words: &[String]) -> Result<ExitCode> {
    let (program, arguments) = words.split_first().context("no program")?;
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {program}"))?;
    let mut stdout = child.stdout.take().context("standard output")?;
    let printed = io::copy(&mut stdout, &mut io::sink())?;
    let status = child.wait()?;
    let run = Run {
        seconds: started.elapsed().as_secs_f64(),
        // In KiB: getrusage(2).
        peak: u64::try_from(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss())? * 1024,
        printed,
        code: status.code(),
    };
    writeln!(io::stdout(), "{}", serde_json::to_string(&run)?)?;
    Ok(ExitCode::SUCCESS)
}
