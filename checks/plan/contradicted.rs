//! What tells why the cluster does otherwise than expected: the log of istiod; and what is left open: the nodes.

use std::collections::BTreeSet;

use super::Question;
use crate::facts::{Fact, Read, Resource, Snapshot};
use crate::stage::Stage;
use crate::way::{Case, Mesh, Outcome, istiod_log};

/// How many logs are read for one question.
const LOGS: usize = 20;

/// The reads that only a judgement of all others gives a reason for; none where objects fare as expected. Of many at once
/// none is read: they are shown one by one. Where a sidecar goes may depend on the nodes, which matters where two istiods
/// inject a pod.
pub fn of_contradictions(question: &Question, snapshot: &Snapshot) -> Vec<Read> {
    let Question::Named { .. } = question else {
        return Vec::new();
    };
    let mesh = Mesh::new(snapshot);
    let nodes = super::all(Resource::Node, None);
    let are_unknown = matches!(snapshot.reads.of(&nodes), Fact::NotAsked);
    let (mut reads, mut needs_nodes) = (BTreeSet::new(), false);
    for subject in &snapshot.subjects {
        let case = Case::new(&mesh, subject);
        reads.extend(istiod_log::wanted(&case));
        let predicted = case.prediction();
        needs_nodes |=
            (predicted.outcome, predicted.decided) == (Outcome::Unknown, Stage::Rendered);
    }
    let nodes = (are_unknown && needs_nodes).then_some(nodes);
    reads.into_iter().take(LOGS).chain(nodes).collect()
}
