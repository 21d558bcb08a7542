//! Judging on several threads.

use injdoctor_checks::diagnose_all;
use serde_json::json;

use crate::{patch, world};

#[test]
fn several_threads_say_what_one_says() {
    let unlabelled =
        json!({ "namespace": { "metadata": { "labels": { "istio-injection": null } } } });
    let mut snapshot = world::snapshot(&patch::apply(world::base(), &unlabelled));
    snapshot.subjects = snapshot
        .subjects
        .iter()
        .cycle()
        .take(100)
        .cloned()
        .collect();
    let said = |threads| {
        let words = |one| format!("{one:?}");
        diagnose_all(&snapshot, threads, |all| all.map(words).collect::<Vec<_>>())
    };
    let one = said(1);
    assert_ne!(one[0], one[1], "what comes after a fix is told once");
    for threads in [2, 3, 16] {
        assert_eq!(said(threads), one, "{threads} threads");
    }
}
