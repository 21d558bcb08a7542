//! A snapshot of a scenario's world, judged where there is no cluster.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::cluster::Cluster;
use crate::diagnosis::Diagnosis;
use crate::scenario::Scenario;
use crate::wait::wait_for;

/// In bytes: how large the snapshot of one workload may be, in a mesh of two revisions and a tag, with ten refusals.
const LARGEST: usize = 100_000;

/// What injdoctor says of the world's snapshot is what it says of the world.
pub(crate) fn prove_from_file(cluster: &Cluster, scenario: &Scenario, binary: &Path) -> Result<()> {
    // Between two looks at a cluster, something may have happened.
    wait_for("the snapshot to say what the cluster says", || {
        let live = Diagnosis::of(cluster, scenario, binary)?;
        let snapshot = snapshot(cluster, scenario, binary)?;
        live.compare_whole(&judge(&snapshot, binary)?)
    })
}

fn snapshot(cluster: &Cluster, scenario: &Scenario, binary: &Path) -> Result<String> {
    let mut command = cluster.command(&binary.to_string_lossy());
    command.arg("snapshot").args(&scenario.target);
    let snapshot = cluster.run(&mut command)?;
    ensure!(
        snapshot.len() < LARGEST,
        "the snapshot has {} bytes",
        snapshot.len()
    );
    Ok(snapshot)
}

fn judge(snapshot: &str, binary: &Path) -> Result<Diagnosis> {
    let mut child = Command::new(binary)
        .args(["check", "--from", "-", "-o", "json"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", binary.display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(snapshot.as_bytes())?;
    }
    Diagnosis::printed(&child.wait_with_output()?)
}
