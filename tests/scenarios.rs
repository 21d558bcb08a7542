//! Every scenario of `tests/scenarios`, proven on a real control plane: that the diagnosis names the cause, that the API
//! server agrees with it, and that the printed commands heal.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use testcluster::{Cluster, Proof, Scenario, only_reads, prove};

/// On how many clusters pods run, and on how many they do not: much of a scenario's time passes with waiting.
const WITH_PODS: u8 = 2;
const WITHOUT_PODS: u8 = 2;

fn main() -> Result<ExitCode> {
    let lanes = WITH_PODS + WITHOUT_PODS;
    let mut with_pods = (0..WITH_PODS).cycle();
    let mut without_pods = (WITH_PODS..lanes).cycle();
    let mut proofs = Vec::new();
    for scenario in Scenario::all()? {
        let lane = match scenario.pods {
            Some(_) => with_pods.next(),
            None => without_pods.next(),
        };
        proofs.push(proof(scenario).in_lane(lane.unwrap_or_default()));
    }
    proofs.extend((0..lanes).map(audit));
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
