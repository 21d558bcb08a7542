//! What each command does.

mod answer;
mod check;
mod completion;
mod demo;
mod explain;
mod explain_error;
mod follow;
mod narrow;
mod overview;
mod snapshot;
mod source;
mod version;
mod webhook;

use std::io::{self, ErrorKind, Write};

use anyhow::bail;

use crate::cli::{Check, Cli, Command, ConnectionFlags, Explain, Snapshot, Targets};
use crate::exit::Exit;
use crate::terminal::Look;

pub use source::{known, names};

/// Runs the command that the user asked for.
///
/// # Errors
/// Whatever keeps it from coming to an answer, with the way out.
pub fn run(cli: &Cli, look: Look, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let connection = &cli.connection;
    refuse_ignored(&cli.command, connection)?;
    match &cli.command {
        Command::Check(arguments) => check::run(arguments, connection, look, out),
        Command::Namespace(arguments) => overview::namespaces(arguments, connection, look, out),
        Command::Revision(arguments) => overview::revisions(arguments, connection, look, out),
        Command::Webhook(arguments) => webhook::run(arguments, connection, look, out),
        Command::Snapshot(arguments) => snapshot::run(arguments, connection, look, out),
        Command::Demo(arguments) => demo::run(arguments, look, out),
        Command::Explain(arguments) => explain::run(arguments, connection, look, out),
        Command::Completion(arguments) => completion::run(arguments, out),
        Command::Version(arguments) => version::run(arguments, connection, look, out),
    }
}

/// Refuses a flag that the command would not look at: whoever gives it expects that it does.
fn refuse_ignored(command: &Command, connection: &ConnectionFlags) -> anyhow::Result<()> {
    let everywhere = |targets: &Targets| targets.all_namespaces && connection.namespace.is_some();
    match command {
        Command::Check(Check { targets, .. }) | Command::Snapshot(Snapshot { targets })
            if everywhere(targets) =>
        {
            bail!("-A is for all namespaces, and -n for one; leave one of them out")
        }
        Command::Webhook(_) | Command::Version(_) if connection.namespace.is_some() => {
            bail!("webhooks and control planes are looked for in all namespaces; leave -n out")
        }
        Command::Demo(_)
        | Command::Completion(_)
        | Command::Explain(Explain { error: None, .. }) => match connection.any() {
            Some(flag) => bail!("no cluster is looked at here; leave {flag} out"),
            None => Ok(()),
        },
        _ => Ok(()),
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
