//! `injdoctor completion`.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Generator;

use crate::cli::{Cli, Completion};
use crate::exit::Exit;

/// Writes the completion script of a shell.
pub fn run(arguments: &Completion, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let mut command = Cli::command();
    command.set_bin_name("injdoctor");
    command.build();
    super::finish(arguments.shell.try_generate(&command, out), out)?;
    Ok(Exit::Clear)
}
