//! The subjects of a snapshot that the user asks about.

use anyhow::bail;
use injdoctor_checks::facts::kinds::MutatingWebhookConfiguration;
use injdoctor_checks::facts::{Fact, Index, Snapshot, Subject, Target, ownership};
use injdoctor_checks::plan::{self, Question};

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
    let index = Index::new(&snapshot.reads);
    for one in wanted {
        let found = all
            .iter()
            .filter(here)
            .filter(|subject| is_wanted(&index, &subject.target, one));
        let before = snapshot.subjects.len();
        snapshot.subjects.extend(found.cloned());
        if snapshot.subjects.len() > before {
            continue;
        }
        match one {
            Wanted::Named(kind, name) => bail!(
                "the snapshot does not hold {}/{name}; {}",
                kind.singular(),
                holds(&all)
            ),
            Wanted::OwnedBy(owner) => bail!(
                "the snapshot does not hold anything that {owner} owns; {}",
                holds(&all)
            ),
            Wanted::All(_) => {}
        }
    }
    Ok(())
}

fn is_wanted(index: &Index, target: &Target, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::OwnedBy(owner) => {
            let object = ownership::find(index, target.kind, &target.namespace, &target.name);
            object.got().is_some_and(|one| owner.owns(one.metadata()))
        }
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
    let question = Question::Webhooks(name.map(str::to_owned));
    if let Some(name) = name {
        let index = Index::new(&snapshot.reads);
        let found = index.get::<MutatingWebhookConfiguration>(None, name);
        if found == Fact::Absent {
            bail!("the snapshot does not hold mutatingwebhookconfiguration {name:?}");
        }
    }
    snapshot.subjects = plan::subjects(&question, &Index::new(&snapshot.reads));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::facts::{Kind, Store};

    fn snapshot() -> Snapshot {
        let mut snapshot: Snapshot =
            serde_json::from_str(crate::demo::SCENARIOS[0].snapshot).unwrap();
        let first = snapshot.subjects.remove(0);
        for (kind, namespace, name) in [
            (Kind::Deployment, "shop", "reviews"),
            (Kind::Deployment, "pay", "reviews"),
            (Kind::Pod, "pay", "debug"),
        ] {
            let mut subject = first.clone();
            subject.target = Target {
                kind,
                namespace: namespace.into(),
                name: name.into(),
            };
            snapshot.subjects.push(subject);
        }
        snapshot
    }

    fn left(wanted: &[&str], namespace: Option<&str>) -> Result<Vec<String>, String> {
        let mut snapshot = snapshot();
        let words: Vec<_> = wanted.iter().map(|word| (*word).to_owned()).collect();
        let wanted = crate::target::parse(&words).unwrap();
        to_targets(&mut snapshot, &wanted, namespace).map_err(|error| error.to_string())?;
        let targets = snapshot.subjects.into_iter().map(|subject| subject.target);
        Ok(targets
            .map(|target| format!("{}/{target}", target.namespace))
            .collect())
    }

    #[test]
    fn words_and_namespace_narrow_a_snapshot() {
        let all = [
            "shop/deployment/reviews",
            "pay/deployment/reviews",
            "pay/pod/debug",
        ];
        assert_eq!(left(&[], None).unwrap(), all);
        assert_eq!(left(&[], Some("shop")).unwrap(), all[..1]);
        assert_eq!(left(&["deploy/reviews"], None).unwrap(), all[..2]);
        assert_eq!(left(&["deploy/reviews"], Some("pay")).unwrap(), all[1..2]);
        assert_eq!(left(&["pods"], None).unwrap(), all[2..]);
        assert_eq!(
            left(&["po/debug", "deploy/reviews"], Some("shop"))
                .unwrap_err()
                .lines()
                .count(),
            1
        );
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let error = left(&["debug"], Some("shop")).unwrap_err();
        assert!(error.contains("does not hold pod/debug"), "{error}");
        assert!(error.contains("pod/debug -n pay"), "{error}");
    }

    #[test]
    fn webhooks_take_the_place_of_the_subjects() {
        let mut snapshot = snapshot();
        to_webhooks(&mut snapshot, None).unwrap();
        let kinds = snapshot.subjects.iter().map(|subject| subject.target.kind);
        assert!(kinds.clone().count() > 1);
        assert!(
            kinds
                .clone()
                .all(|kind| kind == Kind::MutatingWebhookConfiguration)
        );
        to_webhooks(&mut snapshot, Some("istio-sidecar-injector")).unwrap();
        assert_eq!(snapshot.subjects.len(), 1);
        assert!(to_webhooks(&mut snapshot, Some("nothing")).is_err());
        snapshot.reads = Store::default();
        to_webhooks(&mut snapshot, None).unwrap();
        assert_eq!(
            snapshot.subjects[0].target.name, "",
            "the answer must not be `all is well`"
        );
    }
}
