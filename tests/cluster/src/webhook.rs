//! What `injdoctor webhook` finds in a scenario's world, and that its first fix heals it.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::diagnosis::Diagnosis;
use crate::json::list;
use crate::run::{perform, run_all};
use crate::scenario::Webhook;
use crate::wait::wait_for;

/// The check finds what it should, the first fix is done word for word, and then all is well.
pub(crate) fn prove_webhook(cluster: &mut Cluster, expect: &Webhook, binary: &Path) -> Result<()> {
    let found = wait_for("what `injdoctor webhook` finds", || {
        let (items, exit) = look(cluster, binary)?;
        ensure!(exit == 1, "the exit code of `injdoctor webhook` is {exit}");
        let first = items.into_iter().next().context("no webhook is shown")?;
        first.ensure_finds(&expect.finds)?;
        Ok(first)
    })?;
    let proposals = found.proposals()?;
    let fix = proposals.iter().find(|one| one.check == expect.finds);
    run_all(cluster, &fix.context("it has no fix")?.commands)?;
    perform(cluster, &expect.then).context("in `then`")?;
    wait_for("the commands to heal", || {
        let (_, exit) = look(cluster, binary)?;
        ensure!(exit == 0, "healed, but the exit code is {exit}");
        Ok(())
    })
}

/// What is said of each webhook, and the exit code.
fn look(cluster: &Cluster, binary: &Path) -> Result<(Vec<Diagnosis>, i32)> {
    let mut webhook = cluster.command(&binary.to_string_lossy());
    webhook.args(["webhook", "-o", "json"]).stdin(Stdio::null());
    let output = webhook.output()?;
    let exit = output.status.code().unwrap_or(-1);
    let answer: Value = serde_json::from_slice(&output.stdout).context("no JSON came")?;
    let items = list(&answer, "/items").iter().cloned();
    Ok((items.map(Diagnosis::from).collect(), exit))
}
