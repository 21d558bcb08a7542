//! Judging on several threads.

use std::io;
use std::sync::mpsc;
use std::thread::{Builder, Scope};

use crate::diagnosis::Causes;
use crate::facts::Snapshot;
use crate::judged::Judged;
use crate::way::Mesh;

/// How many subjects a thread judges in a row, and how many such rows it is ahead of whoever takes them: enough to
/// keep it busy, and few enough that thousands take no more memory than some.
const ROW: usize = 8;
const ROWS_AHEAD: usize = 4;
/// The stack of a thread, as large as that of a program's first one mostly is.
const STACK: usize = 8 << 20;

/// Judges on several threads, each with its own of what is worked out once for the mesh: rows of subjects by turns.
///
/// # Errors
/// The system's, where it gives no more threads.
pub fn judge_ahead<'scope>(
    scope: &'scope Scope<'scope, '_>,
    snapshot: &'scope Snapshot,
    threads: usize,
) -> io::Result<impl Iterator<Item = Judged> + use<>> {
    let start = |own: usize| {
        let (sender, receiver) = mpsc::sync_channel(ROWS_AHEAD);
        let rows = snapshot.subjects.chunks(ROW).skip(own).step_by(threads);
        let judge = move || {
            let (mesh, mut causes) = (Mesh::new(snapshot), Causes::default());
            for row in rows {
                let judged = row.iter().map(|one| Judged::new(&mesh, one, &mut causes));
                // Nobody takes what is left.
                if sender.send(judged.collect::<Vec<_>>()).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, judge).map(|_| receiver)
    };
    let receivers = (0..threads).map(start).collect::<io::Result<Vec<_>>>()?;
    let rows = (0..).map_while(move |turn: usize| receivers.get(turn % threads)?.recv().ok());
    Ok(rows.flatten())
}
