//! From a question to a snapshot.

use futures::future::join_all;
use injdoctor_checks::facts::kinds::MutatingWebhookConfiguration;
use injdoctor_checks::facts::ownership::OwnerName;
use injdoctor_checks::facts::{
    Fact, Index, Kind, Objects, Read, Resource, Snapshot, Store, Subject, Target, ownership,
};
use injdoctor_checks::plan::{self, Question, Sweep};
use jiff::Timestamp;
use tokio::join;

use super::carry_out::carry_out;
use super::connect::{ConnectError, Link};
use super::read::Reader;
use crate::target::known_kinds;

/// Plans to carry out before giving up on coming to an end: twice what any question takes.
const WAVES: usize = 16;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum CollectError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{}", not_found(objects, *namespace_is_absent))]
    NotFound {
        objects: Vec<Target>,
        namespace_is_absent: bool,
    },
    #[error(
        "no pod and nothing that makes pods in namespace {namespace:?} is owned by {owner}, whose kind injdoctor does not know; known: {known}",
        known = known_kinds()
    )]
    NothingOwned { owner: OwnerName, namespace: String },
    #[error("namespace {0:?} not found; see `kubectl get namespaces`")]
    NoNamespace(String),
    #[error("the API server refuses the label selector {selector:?}: {reason}")]
    Selector { selector: String, reason: String },
}

fn not_found(objects: &[Target], namespace_is_absent: bool) -> String {
    let mut lines: Vec<_> = objects.iter().map(not_found_line).collect();
    match objects.first() {
        Some(target) if namespace_is_absent => {
            lines.push(format!("namespace {:?} does not exist", target.namespace));
        }
        Some(target) if target.kind == Kind::Pod && objects.len() == 1 => {
            lines.push(format!(
                "if it is the name of a Deployment, write deploy/{}",
                target.name
            ));
        }
        Some(target) if target.kind != Kind::MutatingWebhookConfiguration => {
            lines.push("check the namespace (-n) and the context (--context)".to_owned());
        }
        _ => {}
    }
    lines.join("; ")
}

fn not_found_line(target: &Target) -> String {
    let resource = match target.kind.group() {
        "" => target.kind.plural().to_owned(),
        group => format!("{}.{group}", target.kind.plural()),
    };
    match target.namespace.as_str() {
        "" => format!("{resource} {:?} not found", target.name),
        namespace => format!(
            "{resource} {:?} not found in namespace {namespace:?}",
            target.name
        ),
    }
}

/// Asks the cluster everything that the question takes: plan after plan, the reads of each at once.
///
/// A read that is refused or fails becomes a fact of the snapshot.
///
/// # Errors
/// [`CollectError`] where nothing can be read at all, or what was asked about does not exist.
pub async fn collect(link: &Link, question: &Question) -> Result<Snapshot, CollectError> {
    let reader = Reader::new(link);
    let mut reads = Store::default();
    let first = plan::plan(question, &reads);
    link.log.plan(1, &first);
    let (server_version, first) = join!(reader.version(), carry_out_all(&reader, question, first),);
    reader.verdict()?;
    extend(&mut reads, first?);
    for wave in 2..=WAVES {
        let next = plan::plan(question, &reads);
        if next.is_empty() {
            break;
        }
        link.log.plan(wave, &next);
        extend(&mut reads, carry_out_all(&reader, question, next).await?);
    }
    if let Question::Manifests { namespaces, .. } = question {
        plan::apply(namespaces, &mut reads);
    }
    let subjects = plan::subjects(question, &reads);
    is_there(question, &reads, &subjects)?;
    Ok(Snapshot {
        api_version: Snapshot::API_VERSION.to_owned(),
        kind: Snapshot::KIND.to_owned(),
        recorded_at: Timestamp::now(),
        connection: link.connection.clone(),
        server_version,
        subjects,
        reads,
    })
}

async fn carry_out_all(
    reader: &Reader<'_>,
    question: &Question,
    reads: Vec<Read>,
) -> Result<Facts, CollectError> {
    let facts = join_all(reads.iter().map(|read| carry_out(reader, read))).await;
    let facts = facts.into_iter().collect::<Result<Vec<_>, _>>();
    let facts = facts.map_err(|refusal| CollectError::Selector {
        selector: match question {
            Question::Sweep(sweep) => sweep.selector.clone().unwrap_or_default(),
            _ => String::new(),
        },
        reason: refusal.0,
    })?;
    Ok(reads.into_iter().zip(facts).collect())
}

type Facts = Vec<(Read, Fact<Objects>)>;

fn extend(store: &mut Store, facts: Facts) {
    for (read, fact) in facts {
        store.insert(read, fact);
    }
}

/// Whether what was asked about by name is there.
fn is_there(question: &Question, store: &Store, subjects: &[Subject]) -> Result<(), CollectError> {
    let namespace_is_absent = |name: &str| {
        let read = Read::get(Resource::Namespace, None, name);
        *store.of(&read) == Fact::Absent
    };
    let absent = |namespace: &str| {
        let objects = absent(store, subjects);
        match objects.is_empty() {
            true => Ok(()),
            false => Err(CollectError::NotFound {
                objects,
                namespace_is_absent: namespace_is_absent(namespace),
            }),
        }
    };
    match question {
        Question::Named { namespace, .. } => absent(namespace),
        Question::Webhooks(Some(_)) => absent(""),
        Question::Sweep(Sweep {
            namespace: Some(name),
            ..
        }) if subjects.is_empty() && namespace_is_absent(name) => {
            Err(CollectError::NoNamespace(name.clone()))
        }
        Question::Sweep(Sweep {
            namespace: Some(namespace),
            owner: Some(owner),
            ..
        }) if subjects.is_empty() => Err(CollectError::NothingOwned {
            owner: owner.clone(),
            namespace: namespace.clone(),
        }),
        _ => Ok(()),
    }
}

fn absent(store: &Store, subjects: &[Subject]) -> Vec<Target> {
    let index = Index::new(store);
    let is_absent = |target: &&Target| {
        let object = match target.kind {
            Kind::MutatingWebhookConfiguration => index
                .get::<MutatingWebhookConfiguration>(None, &target.name)
                .map(|_| ()),
            _ => ownership::chain(&index, target).object.map(|_| ()),
        };
        object == Fact::Absent
    };
    let targets = subjects.iter().map(|subject| &subject.target);
    targets.filter(is_absent).cloned().collect()
}

#[cfg(test)]
mod tests;
