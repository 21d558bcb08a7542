//! Every check is proven on the real control plane: some scenario has it for its root cause, or, where it finds
//! what is no cause yet, for its finding.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use testcluster::Scenario;

#[test]
fn every_check_has_a_scenario_and_every_scenario_a_check() {
    let scenarios = Scenario::all().unwrap();
    let proven: BTreeSet<_> = scenarios
        .iter()
        .flat_map(|scenario| scenario.checks())
        .collect();
    let declared: BTreeSet<_> = injdoctor_checks::registry()
        .map(|check| check.name)
        .collect();
    assert_eq!(proven, declared);
}
