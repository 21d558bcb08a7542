//! The subjects of a snapshot that the user asks about.

use anyhow::bail;
use injdoctor_checks::decide::injectors;
use injdoctor_checks::facts::{Fact, Kind, Snapshot, Subject, Target};

use crate::target::Wanted;

/// Subjects named in an error; the rest is counted.
const NAMED: usize = 8;

/// Leaves only what the words and the namespace ask for, in the order of the words.
pub fn to_targets(
    snapshot: &mut Snapshot,
    wanted: &[Wanted],
    namespace: Option<&str>,
) -> anyhow::Result<()> {
    let all = std::mem::take(&mut snapshot.subjects);
    let here = |subject: &&Subject| namespace.is_none_or(|name| subject.target.namespace == name);
    if wanted.is_empty() {
        snapshot.subjects = all.iter().filter(here).cloned().collect();
        return Ok(());
    }
    for one in wanted {
        let found = all
            .iter()
            .filter(here)
            .filter(|subject| is_wanted(&subject.target, one));
        let before = snapshot.subjects.len();
        snapshot.subjects.extend(found.cloned());
        if let (Wanted::Named(kind, name), true) = (one, snapshot.subjects.len() == before) {
            bail!(
                "the snapshot does not hold {}/{name}; {}",
                kind.singular(),
                holds(&all)
            );
        }
    }
    Ok(())
}

fn is_wanted(target: &Target, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Named(kind, name) => target.kind == *kind && target.name == *name,
        Wanted::All(kind) => target.kind == *kind,
    }
}

fn holds(subjects: &[Subject]) -> String {
    let named =
        subjects
            .iter()
            .take(NAMED)
            .map(|subject| match subject.target.namespace.as_str() {
                "" => subject.target.to_string(),
                namespace => format!("{} -n {namespace}", subject.target),
            });
    let named = named.collect::<Vec<_>>().join(", ");
    match subjects.len().saturating_sub(NAMED) {
        _ if subjects.is_empty() => "it holds no subjects".to_owned(),
        0 => format!("it holds {named}"),
        more => format!("it holds {named} and {more} more"),
    }
}

/// Puts the injection webhooks of a snapshot, or the one configuration of this name, in the place of
/// its subjects.
pub fn to_webhooks(snapshot: &mut Snapshot, name: Option<&str>) -> anyhow::Result<()> {
    let all = snapshot
        .cluster
        .webhooks
        .got()
        .map_or(&[][..], Vec::as_slice);
    let mut names: Vec<_> = match name {
        Some(name) => vec![name.to_owned()],
        // One without a name stands for those that nobody could list, so that the answer is unknown.
        None if !matches!(snapshot.cluster.webhooks, Fact::Got(_)) => vec![String::new()],
        None => injectors(all)
            .filter_map(|(one, _)| one.metadata.name.clone())
            .collect(),
    };
    names.dedup();
    if let Some(name) = name {
        let there = all
            .iter()
            .any(|one| one.metadata.name.as_deref() == Some(name));
        if !there && matches!(snapshot.cluster.webhooks, Fact::Got(_)) {
            bail!("the snapshot does not hold mutatingwebhookconfiguration {name:?}");
        }
    }
    snapshot.subjects = names.into_iter().map(webhook).collect();
    Ok(())
}

fn webhook(name: String) -> Subject {
    Subject {
        target: Target {
            kind: Kind::MutatingWebhookConfiguration,
            namespace: String::new(),
            name,
        },
        manifest: None,
        object: Fact::NotAsked,
        owners: Vec::new(),
        replica_sets: Fact::NotAsked,
        pods: Fact::NotAsked,
        events: Fact::NotAsked,
    }
}
