//! What `injdoctor webhook` says in a scenario's world, and that the first fix of what it finds heals it.

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

/// The check finds what it should, the first fix is done word for word, and then all is well, or as well as can be known.
pub(crate) fn prove_webhook(cluster: &mut Cluster, expect: &Webhook, binary: &Path) -> Result<()> {
    if let Some(check) = &expect.finds {
        let commands = wait_for("what `injdoctor webhook` finds", || {
            let (items, exit) = look(cluster, binary)?;
            ensure!(exit == 1, "the exit code of `injdoctor webhook` is {exit}");
            first_fix(&items, check)
        })?;
        run_all(cluster, &commands)?;
    }
    perform(cluster, &expect.then).context("in `then`")?;
    wait_for("what `injdoctor webhook` says in the end", || {
        let (items, exit) = look(cluster, binary)?;
        let Some(words) = &expect.unknown else {
            ensure!(exit == 0, "healed, but the exit code is {exit}");
            return Ok(());
        };
        ensure!(
            exit == 3,
            "something is unknown, but the exit code is {exit}"
        );
        let is_said = items.iter().any(|one| one.is_unknown(words));
        ensure!(is_said, "that {words:?} is not said");
        Ok(())
    })
}

/// The commands of the first fix of what a check finds.
fn first_fix(items: &[Diagnosis], check: &str) -> Result<Vec<String>> {
    let mut items = items.iter();
    let found = items
        .find(|one| one.ensure_finds(check).is_ok())
        .with_context(|| format!("{check} finds nothing"))?;
    let proposals = found.proposals()?.into_iter();
    let fix = proposals.into_iter().find(|one| one.check == check);
    Ok(fix.context("it has no fix")?.commands)
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
