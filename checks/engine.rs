//! From a snapshot to diagnoses.

use std::cell::LazyCell;
use std::thread;

use crate::ahead::judge_ahead;
use crate::diagnosis::{Causes, Diagnosis};
use crate::facts::Snapshot;
use crate::judged::Judged;
use crate::way::Mesh;

/// One diagnosis for each subject, in the order given.
pub fn diagnose(snapshot: &Snapshot) -> Vec<Diagnosis> {
    diagnose_all(snapshot, 1, |diagnoses| diagnoses.collect())
}

/// The diagnoses of all subjects of a snapshot, one after another in the order given; more threads than one
/// judge ahead of whoever takes them.
///
/// What comes after a fix is worked out once for each cause: for the first subject that has it.
pub fn diagnose_all<T>(
    snapshot: &Snapshot,
    threads: usize,
    take: impl FnOnce(&mut dyn Iterator<Item = Diagnosis>) -> T,
) -> T {
    let (mut causes, mut own) = (Causes::default(), Causes::default());
    // Threads have their own.
    let mesh = LazyCell::new(|| Mesh::new(snapshot));
    thread::scope(|scope| {
        let ahead = (threads > 1).then(|| judge_ahead(scope, snapshot, threads));
        let judged: Box<dyn Iterator<Item = Judged>> = match ahead {
            Some(Ok(judged)) => Box::new(judged),
            // Where the system gives no more threads, this one does it all.
            _ => {
                let subjects = snapshot.subjects.iter();
                Box::new(subjects.map(|subject| Judged::new(&mesh, subject, &mut own)))
            }
        };
        take(&mut judged.map(|judged| judged.diagnosis(&mut causes)))
    })
}
