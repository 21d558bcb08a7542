//! Every check on small worlds: one world recorded on a real control plane, and cases that change a
//! few fields of it. A case file says in YAML what the check makes of each.
//!
//! - `base.yaml` is the world, in which nothing is wrong.
//! - `STAGE/CHECK.yaml` are the cases of a check: a hit and a near miss at least; see [`case`].
//! - [`knowledge`] refuses reads in all these worlds: whoever knows less must not say anything else.
//! - [`meta`] holds what every check has to keep to: its declaration, documentation and findings.
//! - [`properties`] goes on from there at random.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may panic, and prints its figures"
)]

mod build;
mod canaries;
mod case;
mod fill;
mod knowledge;
mod meta;
mod patch;
mod properties;
mod redacted;
mod threads;
mod views;
mod world;

use injdoctor_checks::diagnosis::Status;
use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::registry;

use case::Case;

/// Fails with all complaints at once.
fn assert_none(complaints: &[String]) {
    let (count, all) = (complaints.len(), complaints.join("\n  "));
    assert!(complaints.is_empty(), "{count} complaints:\n  {all}");
}

#[test]
fn nothing_is_wrong_in_the_base_world() {
    let diagnosis = world::diagnose_one(&world::base());
    let found: Vec<_> = diagnosis
        .findings
        .iter()
        .map(|(check, finding)| (check.name, finding))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    let unsure: Vec<_> = diagnosis
        .checks
        .iter()
        .filter(|result| matches!(result.status, Status::Unknown(_)))
        .collect();
    assert!(unsure.is_empty(), "{unsure:#?}");
    let predicted = diagnosis.predicted.expect("a workload has a prediction");
    assert_eq!(
        predicted.revision.as_deref(),
        Some("default"),
        "{predicted:#?}"
    );
}

#[test]
fn every_case_comes_out_as_it_says() {
    let cases = case::all();
    let complaints: Vec<_> = cases.iter().flat_map(Case::complaints).collect();
    println!("{} cases of {} checks", cases.len(), registry().count());
    assert_none(&complaints);
}

/// A check without a hit could be dead, one without a near miss could always hit.
#[test]
fn every_check_has_a_hit_and_a_near_miss() {
    let cases = case::all();
    let has = |name: &str, statuses: &[&str]| {
        cases
            .iter()
            .any(|case| case.check == name && statuses.contains(&case.expect.status.as_str()))
    };
    let complaints = registry().flat_map(|check| {
        let hit = (!has(check.name, &["failed"]))
            .then(|| format!("{} has no case that fails", check.name));
        let miss = (!has(check.name, &["passed", "notApplicable"]))
            .then(|| format!("{} has no case that passes", check.name));
        hit.into_iter().chain(miss)
    });
    assert_none(&complaints.collect::<Vec<_>>());
}

/// Whether the objects were asked for by name or found in lists, the answer is the same.
#[test]
fn a_sweep_says_what_is_said_of_the_one() {
    let said = |snapshot: &Snapshot| {
        let diagnosis = world::diagnose(snapshot);
        let predicted = diagnosis.predicted.map(|one| (one.outcome, one.revision));
        let observed = diagnosis.observed.map(|one| one.outcome);
        let root = diagnosis.root_cause.map(|check| check.name);
        (predicted, observed, root)
    };
    let complaints = case::all().iter().filter_map(|case| {
        let snapshot = world::snapshot(&case.world());
        let (one, swept) = (said(&snapshot), said(&build::swept(snapshot)));
        let differs = one != swept;
        differs.then(|| format!("{}, {}: {one:?} becomes {swept:?}", case.check, case.about))
    });
    assert_none(&complaints.collect::<Vec<_>>());
}
