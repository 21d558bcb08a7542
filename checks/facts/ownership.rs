//! Who belongs to whom: a target's owners, ReplicaSets, pods and events.

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::index::Owned;
use super::selector::selector_text;
use super::{Fact, Index, Kind, MakesPods, Read, Resource, Target, for_workload};

/// The label by which a Deployment tells the pods of its ReplicaSets apart.
const TEMPLATE_HASH: &str = "pod-template-hash";
/// The label that every pod of a Job has (Kubernetes 1.27 and later).
const JOB_POD: &str = "batch.kubernetes.io/controller-uid";
/// Pods of its owner that a pod is shown with.
const SIBLINGS: usize = 20;

/// The controller that an object's ownerReferences name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller<'a> {
    /// Its kind, where that is a kind of target.
    pub kind: Option<Kind>,
    /// The kind as the reference writes it, with its API version.
    pub written: (&'a str, &'a str),
    /// Its name.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
}

/// An object of a kind that is not known here, as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerName {
    /// The kind in lower case, in the singular or the plural, with or without the group: `rollout.argoproj.io`.
    pub kind: String,
    /// The name.
    pub name: String,
}

impl OwnerName {
    /// Whether the ownerReferences of an object name it. Not every operator says that it is the controller.
    pub fn owns(&self, metadata: &ObjectMeta) -> bool {
        let mut owners = metadata.owner_references.iter().flatten();
        owners.any(|owner| owner.name == self.name && self.is_kind(&owner.kind, &owner.api_version))
    }

    fn is_kind(&self, kind: &str, api_version: &str) -> bool {
        let (resource, group) = self.kind.split_once('.').unwrap_or((&self.kind, ""));
        let kind = kind.to_lowercase();
        let many = match kind.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None if kind.ends_with(['s', 'x']) => format!("{kind}es"),
            None => format!("{kind}s"),
        };
        let (own_group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let is_group =
            group.is_empty() || group == own_group || group == format!("{version}.{own_group}");
        is_group && (resource == kind || resource == many)
    }
}

impl std::fmt::Display for OwnerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// The controller that the ownerReferences name.
pub fn controller(metadata: &ObjectMeta) -> Option<Controller<'_>> {
    let mut owners = metadata.owner_references.iter().flatten();
    let owner = owners.find(|owner| owner.controller == Some(true))?;
    let group = owner.api_version.split_once('/');
    let group = group.map_or("", |(group, _)| group);
    let kind = Kind::WORKLOADS
        .into_iter()
        .find(|kind| kind.name() == owner.kind && kind.group() == group);
    Some(Controller {
        kind,
        written: (&owner.kind, &owner.api_version),
        name: &owner.name,
        uid: &owner.uid,
    })
}

impl Controller<'_> {
    /// Its kind, where it makes objects of the other kind from a template of its own. Whatever else has
    /// a controller has been made by somebody who knows more than that one's template: the executors of
    /// Spark belong to a Pod, and many operators own Deployments. These are judged as themselves.
    /// Source: Kubernetes 1.36, `pkg/controller/{deployment,replicaset,statefulset,daemon,job,cronjob}`.
    pub fn maker_of(&self, made: Kind) -> Option<Kind> {
        let makes = |owner: Kind| match made {
            Kind::Pod => matches!(
                owner,
                Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job
            ),
            Kind::ReplicaSet => owner == Kind::Deployment,
            Kind::Job => owner == Kind::CronJob,
            _ => false,
        };
        self.kind.filter(|kind| makes(*kind))
    }
}

/// An object of a kind that makes pods, or is one.
pub type Member<'a> = &'a dyn MakesPods;

/// A target and its owners.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// The target itself.
    pub object: Fact<Member<'a>>,
    /// Its owners of known kinds, nearest first.
    pub owners: Vec<Fact<Member<'a>>>,
    /// The highest object that is known to be there; none where not even the target is.
    pub top: Option<Top<'a>>,
}

/// The object whose pods the target's are.
#[derive(Clone, Debug)]
pub struct Top<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its uid.
    pub uid: &'a str,
    /// The selector of its pods.
    selector: Option<LabelSelector>,
    /// The metadata of the pod that it is.
    pod: Option<&'a ObjectMeta>,
}

impl<'a> Top<'a> {
    fn of(member: Member<'a>) -> Self {
        Self {
            kind: member.kind(),
            uid: uid(member.metadata()),
            selector: member.selector().cloned(),
            pod: (member.kind() == Kind::Pod).then(|| member.metadata()),
        }
    }
}

/// The object of a kind and name.
pub fn find<'a>(index: &Index<'a>, kind: Kind, namespace: &str, name: &str) -> Fact<Member<'a>> {
    fn get<'a, T: super::Object + MakesPods>(
        index: &Index<'a>,
        namespace: &str,
        name: &str,
    ) -> Fact<Member<'a>> {
        let object = index.get::<T>(Some(namespace), name);
        object.map(|object| object as Member)
    }
    if name.is_empty() {
        return unlisted(index, kind);
    }
    let whole = for_workload!(kind, get(index, namespace, name), Fact::NotAsked);
    match whole {
        Fact::NotAsked => {
            let metadata = index.metadata_of(kind.resource(), namespace, name);
            metadata.map_or(Fact::NotAsked, |metadata| Fact::Got(metadata as Member))
        }
        whole => whole,
    }
}

/// Why the objects of a kind are not known, where a list of them brought nothing.
fn unlisted<'a>(index: &Index<'a>, kind: Kind) -> Fact<Member<'a>> {
    let reads = index.store().reads_of(kind.resource());
    let mut lists = reads.filter(|(read, _)| read.name.is_none());
    let found = lists.find(|(_, fact)| fact.unread().is_some());
    found.map_or(Fact::NotAsked, |(read, fact)| {
        index.recorder().look_at(read);
        fact.as_ref().and_then(|_| Fact::NotAsked)
    })
}

/// Follows the ownerReferences upwards from a target.
pub fn chain<'a>(index: &Index<'a>, target: &Target) -> Chain<'a> {
    let object = find(index, target.kind, &target.namespace, &target.name);
    let mut chain = Chain {
        object: object.clone(),
        owners: Vec::new(),
        top: None,
    };
    let Fact::Got(mut nearest) = object else {
        return chain;
    };
    chain.top = Some(Top::of(nearest));
    while let Some(owner) = controller(nearest.metadata()) {
        let Some(kind) = owner.maker_of(nearest.kind()) else {
            break;
        };
        let found = find(index, kind, &target.namespace, owner.name);
        let found = found.and_then(|found| match uid(found.metadata()) == owner.uid {
            true => Fact::Got(found),
            // One that was deleted and created again under its name owns nothing yet.
            false => Fact::Absent,
        });
        chain.owners.push(found.clone());
        if (nearest.kind(), kind) == (Kind::ReplicaSet, Kind::Deployment) {
            // What the Deployment selects follows from the ReplicaSet: no need to wait for it.
            chain.top = Some(Top {
                kind,
                uid: owner.uid,
                selector: nearest.selector().cloned().map(without_hash),
                pod: None,
            });
        }
        let Fact::Got(found) = found else {
            break;
        };
        if kind != Kind::Deployment {
            chain.top = Some(Top::of(found));
        }
        nearest = found;
    }
    chain
}

fn without_hash(mut selector: LabelSelector) -> LabelSelector {
    if let Some(labels) = &mut selector.match_labels {
        labels.remove(TEMPLATE_HASH);
    }
    selector
}

/// The ReplicaSets of a Deployment, newest first; none for other kinds.
pub fn replica_sets<'a>(index: &Index<'a>, namespace: &str, top: &Top<'a>) -> Fact<Vec<Owned<'a>>> {
    match top.kind {
        Kind::Deployment => {
            let read = selected(Resource::ReplicaSet, namespace, top);
            index.known(&read).map(|()| {
                let mut sets = owned(index, top.uid, Resource::ReplicaSet);
                sets.sort_by_cached_key(|set| Reverse(revision(set.metadata)));
                sets
            })
        }
        _ => Fact::Got(Vec::new()),
    }
}

/// The ReplicaSets of [`replica_sets`] with all that was read of them.
pub fn whole_replica_sets<'a>(
    index: &Index<'a>,
    namespace: &str,
    top: &Top<'a>,
) -> Fact<Vec<&'a ReplicaSet>> {
    replica_sets(index, namespace, top).map(|sets| {
        let whole = |set: Owned<'a>| index.whole::<ReplicaSet>(set.metadata);
        sets.into_iter().filter_map(whole).collect()
    })
}

/// The pods of a target: those of its top; for a pod itself first, with some of its siblings.
pub fn pods<'a>(index: &Index<'a>, target: &Target, top: &Top<'a>) -> Fact<Vec<&'a ObjectMeta>> {
    let namespace = target.namespace.as_str();
    // Both are looked at, so that both are read at once.
    let below = |children: Fact<Vec<Owned<'a>>>, pods: Fact<()>| {
        let of = |child: Owned<'a>| owned(index, uid(child.metadata), Resource::Pod);
        children.and_then(|children| pods.map(|()| children.into_iter().flat_map(of).collect()))
    };
    let found = match top.kind {
        Kind::Pod => return Fact::Got(top.pod.into_iter().collect()),
        Kind::Deployment => below(
            replica_sets(index, namespace, top),
            index.known(&selected(Resource::Pod, namespace, top)),
        ),
        Kind::CronJob => below(
            jobs(index, namespace, top),
            index.known(&Read::list(Resource::Pod, Some(namespace)).labelled(JOB_POD)),
        ),
        _ => {
            let read = selected(Resource::Pod, namespace, top);
            let known = index.known(&read);
            known.map(|()| owned(index, top.uid, Resource::Pod))
        }
    };
    found.map(|pods| {
        let pods = pods.into_iter().map(|pod| pod.metadata);
        match target.kind {
            Kind::Pod => with_siblings(pods.collect(), &target.name),
            _ => pods.collect(),
        }
    })
}

fn with_siblings<'a>(mut pods: Vec<&'a ObjectMeta>, name: &str) -> Vec<&'a ObjectMeta> {
    let is_other = |pod: &&ObjectMeta| pod.name.as_deref() != Some(name);
    pods.sort_by_key(|pod| {
        let created = pod.creation_timestamp.as_ref();
        (is_other(pod), Reverse(created.map(|time| time.0)))
    });
    pods.truncate(SIBLINGS + 1);
    pods
}

fn jobs<'a>(index: &Index<'a>, namespace: &str, top: &Top<'a>) -> Fact<Vec<Owned<'a>>> {
    let read = Read::list(Resource::Job, Some(namespace));
    let known = index.known(&read);
    known.map(|()| owned(index, top.uid, Resource::Job))
}

/// The Job whose pods tell how a target fares: a Job itself, and of a CronJob the newest, as it makes a new one for each
/// run; none for other kinds.
pub fn run<'a>(index: &Index<'a>, target: &Target, top: &Top<'a>) -> Fact<Option<&'a Job>> {
    let namespace = target.namespace.as_str();
    match target.kind {
        Kind::Job => index.get::<Job>(Some(namespace), &target.name).map(Some),
        Kind::CronJob => jobs(index, namespace, top).map(|jobs| {
            let jobs = jobs.into_iter();
            let jobs = jobs.filter_map(|job| index.whole::<Job>(job.metadata));
            jobs.max_by_key(|job| {
                let created = job.metadata.creation_timestamp.as_ref();
                created.map(|time| time.0)
            })
        }),
        _ => Fact::Got(None),
    }
}

fn owned<'a>(index: &Index<'a>, uid: &str, resource: Resource) -> Vec<Owned<'a>> {
    let all = index.owned_by(uid).iter();
    all.filter(|one| one.resource == resource)
        .copied()
        .collect()
}

/// The list of a kind's objects that the top selects.
fn selected(resource: Resource, namespace: &str, top: &Top) -> Read {
    let all = Read::list(resource, Some(namespace));
    match selector_text(top.selector.as_ref()) {
        Some(labels) => all.labelled(labels),
        None => all,
    }
}

/// The list of the pods that the top selects.
pub fn pods_read(namespace: &str, top: &Top) -> Read {
    selected(Resource::Pod, namespace, top)
}

/// The list of events of a namespace, or of all. Warnings only: what is normal explains nothing, and
/// is most of all events.
pub fn events_read(namespace: Option<&str>) -> Read {
    Read::list(Resource::Event, namespace).with_fields("type=Warning")
}

/// The events about a target, its owners, ReplicaSets, Jobs and pods, newest last.
pub fn events<'a>(index: &Index<'a>, target: &Target, chain: &Chain<'a>) -> Fact<Vec<&'a Event>> {
    let namespace = target.namespace.as_str();
    let everywhere = events_read(None);
    let read = match index.store().of(&everywhere) {
        Fact::NotAsked => events_read(Some(namespace)),
        _ => everywhere,
    };
    index.list::<Event>(&read).map(|_| {
        let mut uids: Vec<&str> = members(chain)
            .map(|member| uid(member.metadata()))
            .collect();
        if let Some(top) = chain.top.as_ref().filter(|top| top.kind != Kind::Pod) {
            let below = descendants(index, top.uid);
            uids.extend(below.iter().map(|one| uid(one.metadata)));
        }
        uids.sort_unstable();
        uids.dedup();
        let about = uids.iter().flat_map(|uid| index.events_about(uid));
        let mut events: Vec<_> = about.copied().collect();
        events.sort_by_key(|event| happened(event));
        events
    })
}

/// The target and its owners, as far as they were read.
pub fn members<'a>(chain: &Chain<'a>) -> impl Iterator<Item = Member<'a>> {
    let all = std::iter::once(&chain.object).chain(&chain.owners);
    all.filter_map(|fact| fact.got().copied())
}

/// Everything that an object owns, and what that owns in turn.
pub fn descendants<'a>(index: &Index<'a>, top: &str) -> Vec<Owned<'a>> {
    let mut seen = HashSet::from([top]);
    let mut found: Vec<Owned> = index.owned_by(top).to_vec();
    let mut next = 0;
    while let Some(one) = found.get(next) {
        let uid = uid(one.metadata);
        if seen.insert(uid) {
            found.extend(index.owned_by(uid));
        }
        next += 1;
    }
    found
}

/// An object's uid.
pub fn uid(metadata: &ObjectMeta) -> &str {
    metadata.uid.as_deref().unwrap_or_default()
}

/// A ReplicaSet's place among those of its Deployment.
fn revision(metadata: &ObjectMeta) -> (Option<u64>, Option<Timestamp>) {
    let annotations = metadata.annotations.as_ref();
    let revision = annotations
        .and_then(|annotations| annotations.get("deployment.kubernetes.io/revision"))
        .and_then(|revision| revision.parse().ok());
    let created = metadata.creation_timestamp.as_ref().map(|time| time.0);
    (revision, created)
}

/// When an event happened last.
pub fn happened(event: &Event) -> Option<Timestamp> {
    let series = event
        .series
        .as_ref()
        .and_then(|series| series.last_observed_time.as_ref());
    let exact = series.or(event.event_time.as_ref()).map(|time| time.0);
    let coarse = event
        .last_timestamp
        .as_ref()
        .or(event.metadata.creation_timestamp.as_ref());
    exact.max(coarse.map(|time| time.0))
}

/// The reads of the owners that a pod has by its name. A guess that is wrong brings "not found".
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/storage/names/generate.go` (five characters behind the
/// owner's name) and `pkg/controller/deployment/sync.go` (the ReplicaSet's name).
pub fn likely_owners(target: &Target) -> Vec<Read> {
    let namespace = Some(target.namespace.as_str());
    let Some((owner, random)) = target.name.rsplit_once('-') else {
        return Vec::new();
    };
    match owner.rsplit_once('-') {
        Some((deployment, hash))
            if target.kind == Kind::Pod
                && random.len() == 5
                && is_random(random)
                && is_random(hash) =>
        {
            vec![
                Read::get(Resource::ReplicaSet, namespace, owner),
                Read::get(Resource::Deployment, namespace, deployment),
            ]
        }
        _ => Vec::new(),
    }
}

/// Whether Kubernetes can have made a part of a name: without vowels, and what looks like them.
/// Source: Kubernetes 1.36, `k8s.io/apimachinery/pkg/util/rand/rand.go`.
fn is_random(text: &str) -> bool {
    let fits = |c: char| "bcdfghjklmnpqrstvwxz2456789".contains(c);
    (1..=10).contains(&text.len()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_owner_is_known_by_its_kind_in_any_of_kubectls_words() {
        for (kind, api_version, written, expected) in [
            ("rollout", "argoproj.io/v1alpha1", "Rollout", true),
            ("rollouts", "argoproj.io/v1alpha1", "Rollout", true),
            (
                "rollouts.argoproj.io",
                "argoproj.io/v1alpha1",
                "Rollout",
                true,
            ),
            (
                "rollout.v1alpha1.argoproj.io",
                "argoproj.io/v1alpha1",
                "Rollout",
                true,
            ),
            (
                "rollout.example.com",
                "argoproj.io/v1alpha1",
                "Rollout",
                false,
            ),
            ("policies", "x.io/v1", "Policy", true),
            ("proxies", "x.io/v1", "Proxy", true),
            ("indexes", "x.io/v1", "Index", true),
            ("node", "v1", "Node", true),
            ("notebook", "argoproj.io/v1alpha1", "Rollout", false),
        ] {
            let owner = OwnerName {
                kind: kind.to_owned(),
                name: "web".to_owned(),
            };
            let owned = |name: &str| {
                let reference =
                    json!({"kind": written, "apiVersion": api_version, "name": name, "uid": ""});
                let metadata = json!({"ownerReferences": [reference]});
                serde_json::from_value::<ObjectMeta>(metadata).unwrap()
            };
            assert_eq!(owner.owns(&owned("web")), expected, "{kind} {written}");
            assert!(!owner.owns(&owned("other")), "{kind}");
        }
    }
}
