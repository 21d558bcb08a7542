//! From a question to a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use injdoctor_checks::decide::{injectors, may_depend_on_nodes};
use injdoctor_checks::facts::{Cluster, Fact, Kind, Snapshot, Subject, Target};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Node};
use tokio::join;

use super::applied::applied;
use super::connect::{ConnectError, Link};
use super::control_plane::{self, Namespaces};
use super::family;
use super::family_tree;
use super::kin::EventIndex;
use super::question::{Asked, Question};
use super::read::{Reader, Selection};
use super::sweep::{self, Sweep};
use crate::manifest::Manifests;

/// Pages of events to read of one namespace, and of all. They are kept for an hour; where there are
/// more, the rest is like those that have expired.
const EVENT_PAGES: [usize; 2] = [5, 50];

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
        "" => target.kind.plural(),
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

/// Asks the cluster everything that the question takes, at once as far as possible.
///
/// A read that is refused or fails becomes a fact of the snapshot.
///
/// # Errors
/// [`CollectError`] where nothing can be read at all, or what was asked about does not exist.
pub async fn collect(link: &Link, question: &Question) -> Result<Snapshot, CollectError> {
    let reader = Reader::new(link);
    let (mut cluster, subjects) = match &question.0 {
        Asked::Named { namespace, objects } => named(&reader, namespace, objects).await?,
        Asked::Sweep(sweep) => swept(&reader, sweep).await?,
        Asked::Manifests(manifests) => with_manifests(&reader, manifests).await?,
        Asked::Webhooks(name) => webhooks(&reader, name.as_deref()).await?,
    };
    cluster.kubelet_versions = kubelet_versions(&reader, &subjects).await;
    Ok(Snapshot {
        api_version: Snapshot::API_VERSION.to_owned(),
        kind: Snapshot::KIND.to_owned(),
        recorded_at: Timestamp::now(),
        connection: link.connection.clone(),
        cluster,
        subjects,
    })
}

/// The kubelets decide where the proxy goes, which matters to few pods.
async fn kubelet_versions(
    reader: &Reader<'_>,
    subjects: &[Subject],
) -> Fact<BTreeMap<String, String>> {
    let mut workloads = subjects.iter().flat_map(Subject::workloads);
    if !workloads.any(may_depend_on_nodes) {
        return Fact::NotAsked;
    }
    let version = |node: Node| {
        let info = node.status.and_then(|status| status.node_info);
        let version = info.map(|info| info.kubelet_version);
        (
            node.metadata.name.unwrap_or_default(),
            version.unwrap_or_default(),
        )
    };
    let nodes = reader.list::<Node>(Selection::default()).await;
    nodes.map(|nodes| nodes.into_iter().map(version).collect())
}

type Read = Result<(Cluster, Vec<Subject>), CollectError>;

async fn named(reader: &Reader<'_>, namespace: &str, objects: &[(Kind, String)]) -> Read {
    let targets = objects.iter().map(|(kind, name)| Target {
        kind: *kind,
        namespace: namespace.to_owned(),
        name: name.clone(),
    });
    let namespaces = Namespaces::Named(BTreeSet::from([namespace.to_owned()]));
    let (cluster, families, events) = join!(
        control_plane::read(reader, &namespaces),
        join_all(targets.map(|target| family::read(reader, target))),
        read_events(reader, Some(namespace)),
    );
    reader.verdict()?;
    let absent: Vec<_> = families
        .iter()
        .filter_map(|family| family.absent().cloned())
        .collect();
    if !absent.is_empty() {
        return Err(CollectError::NotFound {
            objects: absent,
            namespace_is_absent: cluster.namespaces.get(namespace) == Some(&Fact::Absent),
        });
    }
    let subjects = families
        .into_iter()
        .map(|family| family.with_events(&events));
    Ok((cluster, subjects.collect()))
}

async fn swept(reader: &Reader<'_>, sweep: &Sweep) -> Read {
    let namespace = sweep.namespace.as_deref();
    let namespaces = match namespace {
        Some(name) => Namespaces::Named(BTreeSet::from([name.to_owned()])),
        None => Namespaces::All,
    };
    let (cluster, lists, events) = join!(
        control_plane::read(reader, &namespaces),
        sweep::read(reader, sweep),
        read_events(reader, namespace),
    );
    reader.verdict()?;
    let lists = lists.map_err(|refusal| CollectError::Selector {
        selector: sweep.selector.clone().unwrap_or_default(),
        reason: refusal.0,
    })?;
    let subjects = family_tree::subjects(sweep, lists, &events);
    let absent = namespace.filter(|name| cluster.namespaces.get(*name) == Some(&Fact::Absent));
    match absent {
        Some(name) if subjects.is_empty() => Err(CollectError::NoNamespace(name.to_owned())),
        _ => Ok((cluster, subjects)),
    }
}

async fn with_manifests(reader: &Reader<'_>, manifests: &Manifests) -> Read {
    let names = manifests
        .subjects
        .iter()
        .map(|subject| subject.target.namespace.clone());
    let mut cluster = control_plane::read(reader, &Namespaces::Named(names.collect())).await;
    reader.verdict()?;
    for namespace in &manifests.namespaces {
        let name = namespace.metadata.name.clone().unwrap_or_default();
        if let Some(live) = cluster.namespaces.get_mut(&name) {
            *live = applied(namespace, &name, std::mem::take(live));
        }
    }
    Ok((cluster, manifests.subjects.clone()))
}

async fn webhooks(reader: &Reader<'_>, name: Option<&str>) -> Read {
    let cluster = control_plane::read(reader, &Namespaces::All).await;
    reader.verdict()?;
    let target = |name: String| Target {
        kind: Kind::MutatingWebhookConfiguration,
        namespace: String::new(),
        name,
    };
    let all = cluster.webhooks.got().map_or(&[][..], Vec::as_slice);
    let targets: BTreeSet<_> = match name {
        Some(wanted) => {
            let is_there = all
                .iter()
                .any(|one| one.metadata.name.as_deref() == Some(wanted));
            if !is_there && matches!(cluster.webhooks, Fact::Got(_)) {
                return Err(CollectError::NotFound {
                    objects: vec![target(wanted.to_owned())],
                    namespace_is_absent: false,
                });
            }
            BTreeSet::from([target(wanted.to_owned())])
        }
        None if !matches!(cluster.webhooks, Fact::Got(_)) => {
            BTreeSet::from([target(String::new())])
        }
        None => injectors(all)
            .filter_map(|(configuration, _)| configuration.metadata.name.clone())
            .map(target)
            .collect(),
    };
    let subjects = targets.into_iter().map(|target| Subject {
        target,
        manifest: None,
        object: unread(&cluster.webhooks),
        owners: Vec::new(),
        replica_sets: Fact::NotAsked,
        pods: Fact::NotAsked,
        events: Fact::NotAsked,
    });
    let subjects = subjects.collect();
    Ok((cluster, subjects))
}

/// Why the object of a webhook's subject is not known; nobody asks for it where the list was read.
fn unread<T, U>(list: &Fact<T>) -> Fact<U> {
    match list {
        Fact::Refused(unread) => Fact::Refused(unread.clone()),
        Fact::Failed(unread) => Fact::Failed(unread.clone()),
        Fact::Got(_) | Fact::Absent | Fact::NotAsked => Fact::NotAsked,
    }
}

/// Warnings only: what is normal explains nothing, and is most of all events.
async fn read_events(reader: &Reader<'_>, namespace: Option<&str>) -> Fact<EventIndex> {
    let [in_one, in_all] = EVENT_PAGES;
    let selection = Selection {
        fields: Some("type=Warning"),
        pages: Some(if namespace.is_some() { in_one } else { in_all }),
        ..Selection::within(namespace)
    };
    reader.list::<Event>(selection).await.map(EventIndex::new)
}

#[cfg(test)]
mod tests;
