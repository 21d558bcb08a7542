//! Every scenario of `tests/scenarios`, proven on a real control plane: that the diagnosis names the cause, that the API
//! server agrees with it, and that the printed commands heal.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use testcluster::{Cluster, Proof, Scenario, only_reads, prove};

/// On how many clusters pods run, beside the one for all other scenarios: most of their time passes with waiting.
const WITH_PODS: u8 = 2;

fn main() -> Result<ExitCode> {
    let mut with_pods = (1..=WITH_PODS).cycle();
    let mut proofs = Vec::new();
    for scenario in Scenario::all()? {
        let lane = scenario.pods.as_ref().and_then(|_| with_pods.next());
        proofs.push(proof(scenario).in_lane(lane.unwrap_or_default()));
    }
    proofs.extend((0..=WITH_PODS).map(audit));
    prove(proofs, Cluster::start)
}

fn audit(lane: u8) -> Proof<Cluster> {
    let audit = Proof::new(format!("audit/{lane}"), |cluster| {
        only_reads(cluster, "injdoctor/")
    });
    audit.in_lane(lane)
}

fn proof(scenario: Scenario) -> Proof<Cluster> {
    let binary = Path::new(env!("CARGO_BIN_EXE_injdoctor"));
    let pods = scenario.pods.clone();
    let proof = Proof::new(scenario.name.clone(), move |cluster| {
        testcluster::run(cluster, &scenario, binary)
    });
    proof.running_pods(pods)
}
