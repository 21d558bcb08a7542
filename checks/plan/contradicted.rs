//! What tells why the cluster does otherwise than expected: the log of istiod.

use std::collections::BTreeSet;

use super::Question;
use crate::facts::{Read, Snapshot};
use crate::way::{Case, Mesh, istiod_log};

/// How many logs are read for one question.
const LOGS: usize = 20;

/// The reads that only a judgement of all others gives a reason for; none where objects fare as expected. Of many at once
/// none is read: they are shown one by one.
pub fn of_contradictions(question: &Question, snapshot: &Snapshot) -> Vec<Read> {
    let Question::Named { .. } = question else {
        return Vec::new();
    };
    let mesh = Mesh::new(snapshot);
    let subjects = snapshot.subjects.iter();
    let reads = subjects.flat_map(|subject| istiod_log::wanted(&Case::new(&mesh, subject)));
    let reads: BTreeSet<_> = reads.collect();
    reads.into_iter().take(LOGS).collect()
}
