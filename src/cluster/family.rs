//! One object that the user named, with its owners, ReplicaSets, pods and events.

use std::collections::BTreeSet;

use futures::future::{BoxFuture, FutureExt};
use injdoctor_checks::facts::{Fact, Kind, Subject, Target, Workload};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use tokio::join;

use super::kin::{EventIndex, MAX_OWNERS, about, controller, controller_uid, newest_first, uid};
use super::read::{Reader, Selection};
use super::workload::{MakesPods, for_kind, selector_text};

/// The label by which a Deployment tells the pods of its ReplicaSets apart.
const TEMPLATE_HASH: &str = "pod-template-hash";
/// The label that every pod of a Job has (Kubernetes 1.27 and later).
const JOB_POD: &str = "batch.kubernetes.io/controller-uid";

/// An object and what leads to its pods: their selector, or the pod that it is.
#[derive(Clone, Debug)]
struct Found {
    workload: Workload,
    selector: Option<LabelSelector>,
    pod: Option<Pod>,
}

/// The object at the top of an owner chain, whose pods the subject's are.
struct Top {
    kind: Kind,
    uid: String,
    selector: Option<LabelSelector>,
    pod: Option<Pod>,
}

/// What hangs below the top.
struct Below {
    replica_sets: Fact<Vec<Workload>>,
    jobs: Vec<String>,
    pods: Fact<Vec<Pod>>,
}

/// Reads everything about one object but its events.
pub async fn read(reader: &Reader<'_>, target: Target) -> Family {
    let namespace = target.namespace.clone();
    let object = find(reader, target.kind, &namespace, &target.name).await;
    let found = match object {
        Fact::Got(found) => found,
        unread => return Family::unread(target, unread.map(|found| found.workload)),
    };
    let mut owners = Vec::new();
    let mut nearest = found.clone();
    let below = loop {
        let owner = controller(&nearest.workload.metadata).filter(|_| owners.len() < MAX_OWNERS);
        let Some((owner, kind)) = owner.and_then(|owner| owner.kind.map(|kind| (owner, kind)))
        else {
            break below(reader, &namespace, &Top::of(nearest)).await;
        };
        if (nearest.workload.kind, kind) == (Kind::ReplicaSet, Kind::Deployment) {
            // What the Deployment selects follows from the ReplicaSet: no need to wait for it.
            let top = Top {
                kind,
                uid: owner.uid.clone(),
                selector: nearest.selector.map(without_hash),
                pod: None,
            };
            let (deployment, below) = join!(
                find(reader, kind, &namespace, &owner.name),
                below(reader, &namespace, &top)
            );
            owners.push(same(deployment, &owner.uid).map(|found| found.workload));
            break below;
        }
        match same(
            find(reader, kind, &namespace, &owner.name).await,
            &owner.uid,
        ) {
            Fact::Got(found) => {
                owners.push(Fact::Got(found.workload.clone()));
                nearest = found;
            }
            unread => {
                owners.push(unread.map(|found| found.workload));
                break below(reader, &namespace, &Top::of(nearest)).await;
            }
        }
    };
    Family {
        target,
        object: Fact::Got(found.workload),
        owners,
        below,
    }
}

/// A subject that lacks only its events.
pub struct Family {
    target: Target,
    object: Fact<Workload>,
    owners: Vec<Fact<Workload>>,
    below: Below,
}

impl Family {
    /// Whether the object is not there.
    pub fn absent(&self) -> Option<&Target> {
        matches!(self.object, Fact::Absent).then_some(&self.target)
    }

    fn unread(target: Target, object: Fact<Workload>) -> Self {
        Self {
            target,
            below: Below {
                replica_sets: object.clone().map(|_| Vec::new()),
                jobs: Vec::new(),
                pods: object.clone().map(|_| Vec::new()),
            },
            object,
            owners: Vec::new(),
        }
    }

    /// The subject, with those of the events that are about it.
    pub fn with_events(self, events: &Fact<EventIndex>) -> Subject {
        let chain = [&self.object]
            .into_iter()
            .chain(&self.owners)
            .filter_map(Fact::got);
        let sets = self.below.replica_sets.got().into_iter().flatten();
        let pods = self.below.pods.got().into_iter().flatten();
        let uids: BTreeSet<&str> = chain
            .chain(sets)
            .map(|workload| &workload.metadata)
            .chain(pods.map(|pod| &pod.metadata))
            .map(uid)
            .chain(self.below.jobs.iter().map(String::as_str))
            .collect();
        let events = about(events, &uids);
        Subject {
            target: self.target,
            manifest: None,
            object: self.object,
            owners: self.owners,
            replica_sets: self.below.replica_sets,
            pods: self.below.pods,
            events,
        }
    }
}

impl Top {
    fn of(found: Found) -> Self {
        Self {
            kind: found.workload.kind,
            uid: uid(&found.workload.metadata).to_owned(),
            selector: found.selector,
            pod: found.pod,
        }
    }
}

async fn find(reader: &Reader<'_>, kind: Kind, namespace: &str, name: &str) -> Fact<Found> {
    fn get<'a, K: MakesPods>(
        reader: &'a Reader<'_>,
        namespace: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Fact<Found>> {
        let object = reader.get::<K>(Some(namespace), name);
        let found = object.map(|object| {
            object.map(|object| Found {
                selector: object.selector().cloned(),
                pod: object.as_pod().cloned(),
                workload: object.into_workload(),
            })
        });
        found.boxed()
    }
    for_kind!(
        kind,
        get(reader, namespace, name),
        async { Fact::NotAsked }.boxed()
    )
    .await
}

/// An owner that has been deleted and made anew under its name owns nothing yet.
fn same(owner: Fact<Found>, uid_wanted: &str) -> Fact<Found> {
    match owner {
        Fact::Got(found) if uid(&found.workload.metadata) != uid_wanted => Fact::Absent,
        owner => owner,
    }
}

fn without_hash(mut selector: LabelSelector) -> LabelSelector {
    if let Some(labels) = &mut selector.match_labels {
        labels.remove(TEMPLATE_HASH);
    }
    selector
}

async fn below(reader: &Reader<'_>, namespace: &str, top: &Top) -> Below {
    let everything = Selection::within(Some(namespace));
    let selector = selector_text(top.selector.as_ref());
    let selected = Selection {
        labels: selector.as_deref(),
        ..everything
    };
    let mut below = Below {
        replica_sets: Fact::Got(Vec::new()),
        jobs: Vec::new(),
        pods: Fact::NotAsked,
    };
    match top.kind {
        Kind::Pod => {
            let mut pods: Vec<_> = top.pod.iter().cloned().collect();
            for pod in &mut pods {
                pod.metadata.managed_fields = None;
            }
            below.pods = Fact::Got(pods);
        }
        Kind::Deployment => {
            let (sets, pods) =
                grandchildren::<ReplicaSet>(reader, selected, selected, &top.uid).await;
            below.pods = pods;
            below.replica_sets = sets.map(|sets| {
                let mut sets: Vec<_> = sets.into_iter().map(MakesPods::into_workload).collect();
                newest_first(&mut sets);
                sets
            });
        }
        Kind::CronJob => {
            let (jobs, pods) =
                grandchildren::<Job>(reader, everything, everything.labelled(JOB_POD), &top.uid)
                    .await;
            below.pods = pods;
            below.jobs = jobs
                .got()
                .into_iter()
                .flatten()
                .map(|job| uid(&job.metadata).to_owned())
                .collect();
        }
        _ => {
            let pods = reader.pods(selected).await;
            below.pods = pods.map(|pods| owned_by(pods, &BTreeSet::from([top.uid.as_str()])));
        }
    }
    below
}

/// The objects that the top owns, and the pods that these own.
async fn grandchildren<K: MakesPods>(
    reader: &Reader<'_>,
    children: Selection<'_>,
    pods: Selection<'_>,
    top: &str,
) -> (Fact<Vec<K>>, Fact<Vec<Pod>>) {
    let (children, pods) = join!(reader.list::<K>(children), reader.pods(pods));
    let children = children.map(|mut children| {
        children.retain(|child| controller_uid(child.meta()) == Some(top));
        children
    });
    let pods = match &children {
        Fact::Got(children) => {
            let uids = children.iter().map(|child| uid(child.meta())).collect();
            pods.map(|pods| owned_by(pods, &uids))
        }
        // Whose pods they are cannot be told without what stands between.
        unread => unread.clone().map(|_| Vec::new()),
    };
    (children, pods)
}

fn owned_by(mut pods: Vec<Pod>, uids: &BTreeSet<&str>) -> Vec<Pod> {
    pods.retain(|pod| controller_uid(&pod.metadata).is_some_and(|uid| uids.contains(uid)));
    pods
}
