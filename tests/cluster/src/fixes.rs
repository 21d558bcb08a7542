//! The proof of all fixes of a diagnosis: each is run word for word in the broken world, what becomes of the next pod is
//! held against what was predicted, and what is undone is broken as before.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::cluster::Cluster;
use crate::diagnosis::{Diagnosis, Proposal};
use crate::run::{broken, next_pod, run_all, set_up};
use crate::scenario::{Note, Scenario};
use crate::wait::wait_for;

/// Runs every fix and every undo of every finding, and leaves the world broken.
pub(crate) fn prove_fixes(
    cluster: &mut Cluster,
    scenario: &Scenario,
    binary: &Path,
    diagnosis: &Diagnosis,
) -> Result<()> {
    let mut run = BTreeSet::new();
    for Proposal { check, title, .. } in diagnosis.proposals()? {
        // The names of pods in the commands change from one fix to the next.
        let now = broken(cluster, scenario, binary)?.proposals()?;
        let found = now
            .into_iter()
            .find(|one| one.check == check && one.title == title);
        let Some(proposal) = found else {
            continue;
        };
        let note = scenario.note(&title);
        let is_new = run.insert(proposal.commands.clone());
        if !is_new || matches!(note, Some(Note::NotRun(_))) {
            continue;
        }
        prove(cluster, scenario, binary, &proposal, note)
            .with_context(|| format!("in fix {title:?} of {check}"))?;
    }
    let unused = scenario.fixes.keys().find(|title| {
        let known = diagnosis.proposals().unwrap_or_default();
        !known
            .iter()
            .any(|one| one.title.starts_with(title.as_str()))
    });
    ensure!(unused.is_none(), "no fix is called {unused:?}");
    Ok(())
}

fn prove(
    cluster: &mut Cluster,
    scenario: &Scenario,
    binary: &Path,
    fix: &Proposal,
    note: Option<&Note>,
) -> Result<()> {
    if fix.read_only {
        return look(cluster, fix);
    }
    run_all(cluster, &fix.commands)?;
    wait_for(
        "the API server to decide as was predicted after the fix",
        || {
            let truth = next_pod(cluster, &scenario.target)?;
            ensure!(
                fix.foresaw(&truth),
                "predicted was {:?} after\n{}\nThe API server says {truth}",
                fix.after,
                fix.commands.join("\n")
            );
            Ok(())
        },
    )?;
    run_all(cluster, &fix.undo)?;
    let is_undone = !fix.undo.is_empty() && note.is_none();
    if is_undone {
        broken(cluster, scenario, binary)
            .with_context(|| format!("it is not broken again after\n{}", fix.undo.join("\n")))?;
    } else {
        cluster.restore()?;
        set_up(cluster, scenario)?;
    }
    Ok(())
}

/// Runs commands that only show something. That the answer is no, `kubectl auth can-i` says with an exit code.
fn look(cluster: &Cluster, fix: &Proposal) -> Result<()> {
    for command in &fix.commands {
        let shown = cluster.run(cluster.command("sh").args(["-c", command]));
        ensure!(
            shown.is_ok() || command.contains(" auth can-i "),
            "{command}: {:?}",
            shown.err()
        );
    }
    Ok(())
}
