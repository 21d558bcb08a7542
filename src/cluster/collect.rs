//! From a question to a snapshot.

use futures::future::join_all;
use injdoctor_checks::facts::kinds::MutatingWebhookConfiguration;
use injdoctor_checks::facts::ownership::OwnerName;
use injdoctor_checks::facts::{
    Fact, Index, Kind, Object as _, Objects, Read, Resource, Snapshot, Store, Subject, Target,
    ownership,
};
use injdoctor_checks::plan::{self, Question, Sweep};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use tokio::join;

use super::carry_out::carry_out;
use super::connect::{ConnectError, Link};
use super::read::Reader;
use crate::suggest::did_you_mean;
use crate::target;

/// Plans to carry out before giving up on coming to an end: twice what any question takes.
const WAVES: usize = 16;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum CollectError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{}{similar}", not_found(objects, *namespace_is_absent))]
    NotFound {
        objects: Vec<Target>,
        namespace_is_absent: bool,
        similar: String,
    },
    #[error(
        "no pod and nothing that makes pods in namespace {namespace:?} is owned by {owner}, whose kind injdoctor does not know{}; known: {}",
        target::similar(&owner.kind),
        target::known_kinds()
    )]
    NothingOwned { owner: OwnerName, namespace: String },
    #[error("namespace {name:?} not found{similar}; see `kubectl get namespaces`")]
    NoNamespace { name: String, similar: String },
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
    collect_from(link, question, Store::default()).await
}

/// The same from what is read already: only what is not among it is asked.
pub async fn collect_from(
    link: &Link,
    question: &Question,
    mut reads: Store,
) -> Result<Snapshot, CollectError> {
    let reader = Reader::new(link);
    let first = plan::plan(question, &Index::new(&reads));
    link.log.plan(1, &first);
    let (server_version, first) = join!(reader.version(), carry_out_all(&reader, question, first),);
    reader.verdict()?;
    extend(&mut reads, first?, link);
    let mut wave = 2;
    let subjects = loop {
        let next = {
            let index = Index::new(&reads);
            let next = plan::plan(question, &index);
            if next.is_empty() || wave > WAVES {
                break plan::subjects(question, &index);
            }
            next
        };
        link.log.plan(wave, &next);
        let facts = carry_out_all(&reader, question, next).await?;
        extend(&mut reads, facts, link);
        wave += 1;
    };
    if let Question::Manifests { namespaces, .. } = question {
        plan::apply(namespaces, &mut reads);
    }
    let mut connection = link.connection.clone();
    connection.injector_config = copy_in_use(link, &reads);
    if let Err(error) = is_there(question, &reads, &subjects) {
        return Err(with_similar(&reader, error).await);
    }
    let mut snapshot = Snapshot {
        api_version: Snapshot::API_VERSION.to_owned(),
        kind: Snapshot::KIND.to_owned(),
        recorded_at: Timestamp::now(),
        connection,
        server_version,
        subjects,
        reads,
    };
    let last = plan::of_contradictions(question, &snapshot);
    link.log.plan(wave, &last);
    let facts = carry_out_all(&reader, question, last).await?;
    extend(&mut snapshot.reads, facts, link);
    Ok(snapshot)
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

fn extend(store: &mut Store, facts: Facts, link: &Link) {
    for (read, fact) in facts {
        let fact = match (&fact, local_copy(link, &read)) {
            (Fact::Refused(_) | Fact::Failed(_), Some(copy)) => {
                Fact::Got(ConfigMap::objects(vec![copy.clone()]))
            }
            _ => fact,
        };
        store.insert(read, fact);
    }
}

/// The user's copy of the injector's ConfigMap that a read asks for.
fn local_copy<'a>(link: &'a Link, read: &Read) -> Option<&'a ConfigMap> {
    let (_, copies) = link.injector.as_ref()?;
    let is_it = |copy: &&ConfigMap| {
        let (name, namespace) = (&copy.metadata.name, &copy.metadata.namespace);
        *name == read.name && (namespace.is_none() || *namespace == read.namespace)
    };
    let is_of_kind = read.resource == Resource::ConfigMap && read.name.is_some();
    copies.iter().filter(|_| is_of_kind).find(is_it)
}

/// The file of the copies, where one of them stands in.
fn copy_in_use(link: &Link, reads: &Store) -> Option<String> {
    let (file, _) = link.injector.as_ref()?;
    let mut maps = reads.reads_of(Resource::ConfigMap);
    let is_used = maps.any(|(read, _)| {
        let copy = local_copy(link, read);
        copy.is_some() && reads.list::<ConfigMap>(read).and_then(<[_]>::first) == copy
    });
    is_used.then(|| file.clone())
}

/// The names of the objects of a list; none where they cannot be read.
pub async fn names(link: &Link, list: Read) -> Vec<String> {
    names_by(&Reader::new(link), list).await
}

async fn names_by(reader: &Reader<'_>, list: Read) -> Vec<String> {
    match carry_out(reader, &list.metadata()).await {
        Ok(Fact::Got(Objects::Metadata(all))) => {
            all.into_iter().filter_map(|one| one.name).collect()
        }
        _ => Vec::new(),
    }
}

/// The error, with what may have been meant where a name is not there.
async fn with_similar(reader: &Reader<'_>, mut error: CollectError) -> CollectError {
    let (word, list, similar) = match &mut error {
        CollectError::NoNamespace { name, similar } => {
            (name.clone(), Read::list(Resource::Namespace, None), similar)
        }
        CollectError::NotFound {
            objects,
            namespace_is_absent,
            similar,
        } => match objects.as_slice() {
            [one, ..] if *namespace_is_absent => {
                let list = Read::list(Resource::Namespace, None);
                (one.namespace.clone(), list, similar)
            }
            [one] => {
                let namespace = Some(one.namespace.as_str()).filter(|name| !name.is_empty());
                let list = Read::list(one.kind.resource(), namespace);
                (one.name.clone(), list, similar)
            }
            _ => return error,
        },
        _ => return error,
    };
    let names = names_by(reader, list).await;
    *similar = did_you_mean(&word, names.iter().map(String::as_str));
    error
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
                similar: String::new(),
            }),
        }
    };
    match question {
        Question::Named { namespace, .. } => absent(namespace),
        Question::Webhooks(Some(_)) => absent(""),
        Question::Sweep(Sweep {
            namespace: Some(name),
            ..
        }) if subjects.is_empty() && namespace_is_absent(name) => Err(CollectError::NoNamespace {
            name: name.clone(),
            similar: String::new(),
        }),
        Question::Sweep(Sweep {
            namespace: Some(namespace),
            owner: Some(owner),
            ..
        }) if subjects.is_empty() => Err(CollectError::NothingOwned {
            owner: owner.clone(),
            namespace: namespace.clone(),
        }),
        Question::Namespaces(names) => match names.iter().find(|name| namespace_is_absent(name)) {
            Some(name) => Err(CollectError::NoNamespace {
                name: name.clone(),
                similar: String::new(),
            }),
            None => Ok(()),
        },
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
