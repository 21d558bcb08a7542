//! `injdoctor snapshot`.

use std::io::Write;

use super::check;
use crate::cli::{ConnectionFlags, Snapshot};
use crate::exit::Exit;
use crate::snapshot_file;
use crate::target;
use crate::terminal::Look;

/// Writes what a diagnosis of the targets would rest on.
pub fn run(
    arguments: &Snapshot,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let wanted = target::parse(&arguments.targets.target)?;
    let snapshot = check::workloads(&arguments.targets, wanted, connection, look)?;
    let written = snapshot_file::write(snapshot, out);
    super::finish(written, out)?;
    Ok(Exit::Clear)
}
