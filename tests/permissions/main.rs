//! With fewer permissions injdoctor may know less, but nothing else: in each of several worlds the diagnosis by a user who
//! may read everything is held against those by users who lack something, each permission by itself and many at random.

#![allow(clippy::indexing_slicing, reason = "indexing JSON never panics")]

mod subsets;
mod users;

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use testcluster::{Answer, Cluster, Proof, Scenario, only_reads, prove, set_up, wait_for};

use subsets::{Subset, subsets};
use users::{ALL, DOCUMENTED, create};

/// Worlds with other decisive facts: the scenarios of these names.
const WORLDS: [&str; 13] = [
    "healthy/namespace-label",
    "healthy/revision-tag",
    "healthy/own-istio-proxy",
    "called/namespace-not-labelled",
    "called/pod-predates-injection",
    "called/revision-unknown",
    "called/webhook-missing",
    "reached/istiod-no-endpoints",
    "reached/ca-bundle-mismatch",
    "reached/webhook-service-missing",
    "wanted/policy-disabled",
    "wanted/host-network",
    "rendered/annotation-invalid",
];

fn main() -> Result<ExitCode> {
    let worlds = WORLDS.iter().enumerate();
    let mut proofs: Vec<_> = worlds
        .map(|(number, name)| Proof::new(*name, move |cluster| in_world(cluster, number, name)))
        .collect();
    proofs.push(Proof::new("audit", |cluster| {
        only_reads(cluster, "injdoctor/")
    }));
    prove(proofs, |inside| {
        let mut cluster = Cluster::start(inside)?;
        create(&cluster, &subsets(WORLDS.len()))?;
        // The users outlive the worlds.
        cluster.keep()?;
        Ok(cluster)
    })
}

/// Proves it for every single permission and for the random subsets of this world.
fn in_world(cluster: &mut Cluster, number: usize, name: &str) -> Result<()> {
    let scenario = Scenario::named(name)?;
    set_up(cluster, &scenario)?;
    let proof = compare(cluster, number, &scenario);
    let restored = cluster.restore();
    proof.and(restored)
}

fn compare(cluster: &Cluster, number: usize, scenario: &Scenario) -> Result<()> {
    let target = &scenario.target;
    // While controllers are at work, two diagnoses in a row may differ.
    let everything = wait_for("two diagnoses that agree", || {
        let everything = check(cluster, target, ALL)?;
        let documented = check(cluster, target, DOCUMENTED)?;
        ensure!(
            documented.without_clock() == everything.without_clock(),
            "docs/clusterrole.yaml is not enough:\n{documented}\nand not\n{everything}"
        );
        if let Some(observed) = &scenario.expect.observed {
            let settled = everything.observed() == format!("{observed:?}");
            ensure!(settled, "the pods are not {observed:?} yet:\n{everything}");
        }
        Ok(everything)
    })?;
    let subsets = subsets(WORLDS.len());
    let mut wrong = Vec::new();
    for subset in subsets
        .iter()
        .filter(|subset| subset.world.is_none_or(|world| world == number))
    {
        let answer = check(cluster, target, &subset.user)?;
        let differences = everything.contradictions(&answer);
        if !differences.is_empty() {
            wrong.push(explain(subset, &answer, &differences));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    Ok(())
}

/// A diagnosis of the target as this user.
fn check(cluster: &Cluster, target: &[String], user: &str) -> Result<Answer> {
    let output = cluster
        .command(env!("CARGO_BIN_EXE_injdoctor"))
        .arg("check")
        .args(target)
        .args(["-o", "json", "--as", user])
        .stdin(Stdio::null())
        .output()?;
    let exit = output.status.code().unwrap_or(-1);
    Answer::read(&output.stdout, exit).with_context(|| {
        let error = String::from_utf8_lossy(&output.stderr);
        format!("as {user}, injdoctor ended with {}: {error}", output.status)
    })
}

fn explain(subset: &Subset, answer: &Answer, differences: &[String]) -> String {
    let refused: Vec<_> = subset.refused.iter().map(ToString::to_string).collect();
    format!(
        "without {}:\n  {}\n{answer}",
        refused.join(", "),
        differences.join("\n  ")
    )
}
