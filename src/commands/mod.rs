//! What each command does.

mod answer;
mod check;
mod completion;
mod demo;
mod explain;
mod explain_error;
mod narrow;
mod overview;
mod snapshot;
mod source;
mod webhook;

use std::io::{self, ErrorKind, Write};

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::terminal::Look;

/// Runs the command that the user asked for.
///
/// # Errors
/// Whatever keeps it from coming to an answer, with the way out.
pub fn run(cli: &Cli, look: Look, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let connection = &cli.connection;
    match &cli.command {
        Command::Check(arguments) => check::run(arguments, connection, look, out),
        Command::Namespace(arguments) => overview::namespaces(arguments, connection, look, out),
        Command::Revision(arguments) => overview::revisions(arguments, connection, look, out),
        Command::Webhook(arguments) => webhook::run(arguments, connection, look, out),
        Command::Snapshot(arguments) => snapshot::run(arguments, connection, look, out),
        Command::Demo(arguments) => demo::run(arguments, look, out),
        Command::Explain(arguments) => explain::run(arguments, connection, look, out),
        Command::Completion(arguments) => completion::run(arguments, out),
    }
}

/// Writes out what is still held back. A reader that has seen enough, such as `head`, closes the
/// pipe; that is no failure.
///
/// # Errors
/// Why the rest cannot be written.
pub fn finish(written: io::Result<()>, out: &mut dyn Write) -> io::Result<()> {
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let words = format!("cannot write to standard output: {error}");
            Err(io::Error::new(error.kind(), words))
        }
        Ok(()) => Ok(()),
    }
}
