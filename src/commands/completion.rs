//! `injdoctor completion`.

use std::io::Write;

use anyhow::Context;
use clap_complete::env::Shells;

use crate::cli::Completion;
use crate::exit::Exit;

/// Writes the completion script of a shell. It asks the program at each Tab, so that it knows what is in the cluster.
pub fn run(arguments: &Completion, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let shell = arguments.shell.to_string();
    let completer = Shells::builtins();
    let completer = completer.completer(&shell).context("unknown shell")?;
    let written =
        completer.write_registration("COMPLETE", "injdoctor", "injdoctor", "injdoctor", out);
    super::finish(written, out)?;
    Ok(Exit::Clear)
}
