//! Whoever knows less says less, and never anything else.
//!
//! In every world of the cases, reads are refused: each of them alone, and random sets of them. What
//! is then said must be what is said with everything read, or that it is unknown.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use injdoctor_checks::causes::Check;
use injdoctor_checks::diagnosis::{Diagnosis, Status};
use injdoctor_checks::way::{Outcome, Seen};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::{assert_none, case, world};

/// A world, what it is called, its reads, and what is said with all of them.
struct World {
    name: String,
    json: Value,
    reads: Vec<String>,
    diagnosis: Diagnosis,
}

impl World {
    fn new(name: String, json: Value) -> Self {
        Self {
            name,
            reads: world::reads(&json),
            diagnosis: world::diagnose_one(&json),
            json,
        }
    }

    fn without(&self, reads: &[&str]) -> Diagnosis {
        let mut json = self.json.clone();
        for read in reads {
            let fact = json
                .pointer_mut(read)
                .expect("a read is where it was found");
            let words = json!({ "verb": "list", "resource": "things", "namespace": "shop", "reason": "forbidden" });
            *fact = json!({ "refused": words });
        }
        world::diagnose_one(&json)
    }
}

/// The base and the world of every case, with their names.
static WORLDS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let base = ("the base world".to_owned(), world::base());
    let cases = case::all()
        .iter()
        .map(|case| (format!("{}, {}", case.check, case.about), case.world()));
    std::iter::once(base).chain(cases).collect()
});

/// What is said with fewer reads that is neither what is said with all nor "unknown".
fn contradictions(all: &Diagnosis, fewer: &Diagnosis) -> Vec<String> {
    let mut found = Vec::new();
    let witnesses_are_gone = fewer
        .observed
        .as_ref()
        .is_some_and(|observed| observed.outcome == Seen::Unknown);
    if let (Some(all), Some(fewer)) = (&all.predicted, &fewer.predicted) {
        let same = (all.outcome, &all.revision) == (fewer.outcome, &fewer.revision);
        // Without its witnesses nothing speaks against what is expected; that these are unknown is said.
        if !same && fewer.outcome != Outcome::Unknown && !witnesses_are_gone {
            found.push(format!(
                "{} becomes {}: {}",
                all.outcome, fewer.outcome, fewer.because
            ));
        }
    }
    if let (Some(all), Some(fewer)) = (&all.observed, &fewer.observed)
        && all.outcome != fewer.outcome
        && fewer.outcome != Seen::Unknown
    {
        found.push(format!(
            "observed {} becomes {}",
            all.outcome, fewer.outcome
        ));
    }
    for (all, fewer) in all.checks.iter().zip(&fewer.checks) {
        // That reads were refused is what this check is about.
        if all.check.name == "access-denied" {
            continue;
        }
        let ((before, _), (after, why)) = (
            case::status_in_words(&all.status),
            case::status_in_words(&fewer.status),
        );
        let is_wrong = match (&all.status, &fewer.status) {
            (_, Status::Unknown(_)) | (Status::Unknown(_), _) => false,
            (Status::Failed, now) => *now != Status::Failed,
            (_, now) => *now == Status::Failed,
        };
        if is_wrong {
            found.push(format!("{} from {before} to {after} {why}", all.check.name));
        }
    }
    let same_outcome = match (&all.predicted, &fewer.predicted) {
        (Some(all), Some(fewer)) => all.outcome == fewer.outcome,
        _ => false,
    };
    // What follows from the root cause may be all that is left of it, but nothing new may come up.
    let was_found = |check: &Check| all.findings.iter().any(|(by, _)| by.name == check.name);
    if let Some(now) = fewer
        .root_cause
        .filter(|now| same_outcome && !was_found(now) && now.name != "access-denied")
    {
        found.push(format!("the root cause becomes {}", now.name));
    }
    found
}

#[test]
fn no_read_that_is_refused_changes_what_is_said() {
    let (count, lost) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let judge = |(name, json): &(String, Value)| {
        let world = World::new(name.clone(), json.clone());
        let mut complaints = Vec::new();
        for read in &world.reads {
            let fewer = world.without(&[read]);
            count.fetch_add(1, Relaxed);
            lost.fetch_add(
                (fewer.is_unknown() && !world.diagnosis.is_unknown()).into(),
                Relaxed,
            );
            let found = contradictions(&world.diagnosis, &fewer).into_iter();
            complaints
                .extend(found.map(|found| format!("{}, without {read}: {found}", world.name)));
        }
        complaints
    };
    // Where a check passes, the random sets below have to do: these worlds are much alike.
    let has_passed = case::all()
        .iter()
        .map(|case| case.expect.status == "passed");
    let telling = WORLDS.iter().zip(std::iter::once(false).chain(has_passed));
    let telling: Vec<_> = telling
        .filter(|(_, has_passed)| !has_passed)
        .map(|(world, _)| world)
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let complaints = std::thread::scope(|scope| {
        let parts = telling.chunks(telling.len().div_ceil(cores));
        let parts = parts
            .map(|part| scope.spawn(|| part.iter().copied().flat_map(judge).collect::<Vec<_>>()));
        let parts: Vec<_> = parts.collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("no part panics"))
            .collect::<Vec<_>>()
    });
    println!(
        "{count:?} reads refused in {} worlds, the verdict became unknown for {lost:?} of them",
        telling.len()
    );
    assert_none(&complaints);
}

#[test]
fn a_read_that_is_refused_is_reported() {
    let base = World::new("the base world".to_owned(), world::base());
    for read in &base.reads {
        let unread = base.without(&[read]).unread;
        assert_eq!(unread.len(), 1, "{read}: {unread:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_set_of_refused_reads_changes_what_is_said(world in any::<Index>(), refused in any::<u64>(), also in any::<u64>()) {
        let (name, json) = &WORLDS[world.index(WORLDS.len())];
        let world = World::new(name.clone(), json.clone());
        // About half of the reads, or a quarter.
        let mask = refused & if also % 2 == 0 { also } else { u64::MAX };
        let reads = world.reads.iter().enumerate();
        let reads: Vec<_> = reads.filter(|(at, _)| mask >> (at % 64) & 1 == 1).map(|(_, read)| read.as_str()).collect();
        let found = contradictions(&world.diagnosis, &world.without(&reads));
        prop_assert!(found.is_empty(), "{}, without {reads:#?}: {found:#?}", world.name);
    }
}
