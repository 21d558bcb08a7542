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

/// Runs every fix and every undo of every finding. Leaves the world broken, and returns the diagnosis of it.
pub(crate) fn prove_fixes(
    cluster: &mut Cluster,
    scenario: &Scenario,
    binary: &Path,
    diagnosis: Diagnosis,
) -> Result<Diagnosis> {
    let proposals = diagnosis.proposals()?;
    let unused = scenario.fixes.keys().find(|title| {
        let mut known = proposals.iter();
        !known.any(|one| one.title.starts_with(title.as_str()))
    });
    ensure!(unused.is_none(), "no fix is called {unused:?}");
    let expected = scenario.expect.proposes.as_ref();
    let missing = expected.filter(|command| {
        let mut known = proposals.iter().flat_map(|one| &one.commands);
        !known.any(|one| one == *command)
    });
    ensure!(missing.is_none(), "no fix has the command {missing:?}");

    let mut now = diagnosis;
    let mut known = BTreeSet::new();
    for Proposal { check, title, .. } in proposals {
        // The names of pods in the commands change from one fix to the next.
        let current = now.proposals()?.into_iter();
        let fix = current
            .filter(|one| one.check == check && one.title == title && !one.commands.is_empty())
            .find(|one| known.insert(one.commands.clone()));
        let note = scenario.note(&title);
        if let (Some(fix), None | Some(Note::Inexact(_))) = (fix, note) {
            let proof = prove(cluster, scenario, binary, &fix, note.is_none());
            let broken = proof.with_context(|| format!("in fix {title:?} of {check}"))?;
            now = broken.unwrap_or(now);
        }
    }
    Ok(now)
}

/// Runs a fix and its undo. Returns the diagnosis of the world that is broken again, if it was anything else meanwhile.
fn prove(
    cluster: &mut Cluster,
    scenario: &Scenario,
    binary: &Path,
    fix: &Proposal,
    is_exact: bool,
) -> Result<Option<Diagnosis>> {
    if fix.read_only {
        return look(cluster, fix).map(|()| None);
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
    if fix.undo.is_empty() || !is_exact {
        cluster.restore()?;
        set_up(cluster, scenario)?;
    }
    let again = broken(cluster, scenario, binary);
    again
        .with_context(|| format!("it is not broken again after\n{}", fix.undo.join("\n")))
        .map(Some)
}

/// Runs commands that only show something. That the answer is no, `kubectl auth can-i` says with an exit code, and a dry
/// run with the API server's refusal.
fn look(cluster: &Cluster, fix: &Proposal) -> Result<()> {
    for command in &fix.commands {
        let shown = cluster.run(cluster.command("sh").args(["-c", command]));
        let Err(error) = shown else {
            continue;
        };
        // kubectl words a refusal by code 422 in another way.
        let says = format!("{error:?}");
        let is_refusal = command.contains("--dry-run=server")
            && (says.contains("Error from server") || says.contains(" is invalid: "));
        ensure!(
            is_refusal || command.contains(" auth can-i "),
            "{command}: {error:?}"
        );
    }
    Ok(())
}
