//! Every scenario of `tests/scenarios`, proven on a real control plane: that the diagnosis names the cause, that the API
//! server agrees with it, and that the printed commands heal.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use testcluster::{Cluster, Proof, Scenario, only_reads, prove};

fn main() -> Result<ExitCode> {
    let scenarios = Scenario::all()?.into_iter();
    let mut proofs: Vec<_> = scenarios.map(proof).collect();
    proofs.push(Proof::new("audit", |cluster| {
        only_reads(cluster, "injdoctor/")
    }));
    prove(proofs, Cluster::start)
}

fn proof(scenario: Scenario) -> Proof<Cluster> {
    let binary = Path::new(env!("CARGO_BIN_EXE_injdoctor"));
    let runs_pods = scenario.pods.is_some();
    let proof = Proof::new(scenario.name.clone(), move |cluster| {
        testcluster::run(cluster, &scenario, binary)
    });
    proof.running_pods(runs_pods)
}
