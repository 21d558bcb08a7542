//! `injdoctor snapshot`.

use std::io::{self, Write};

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
    let mut tally = None;
    let written = snapshot_file::write(snapshot, out).map(|left_out| tally = Some(left_out));
    super::finish(written, out)?;
    if let Some(tally) = tally {
        // Whoever cannot see it has the file all the same.
        let _ = write!(io::stderr(), "{tally}");
    }
    Ok(Exit::Clear)
}
