//! The subjects of a sweep: who belongs to whom in the lists that were read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use injdoctor_checks::facts::{Fact, Kind, Subject, Target, Workload};
use k8s_openapi::api::core::v1::{Event, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::kin::{EventIndex, MAX_OWNERS, about, controller, newest_first, uid};
use super::sweep::{Lists, Sweep};
use super::workload::MakesPods;

/// Pods that each pod of a sweep over pods is shown with. All its siblings would make the snapshot
/// grow with the square of a Deployment's size.
const SIBLINGS: usize = 20;

/// Makes the subjects of a sweep, sorted by namespace, kind and name. A kind that could not be read
/// is a subject without a name.
pub fn subjects(sweep: &Sweep, lists: Lists, events: &Fact<EventIndex>) -> Vec<Subject> {
    let tree = FamilyTree::new(&lists);
    let unread = sweep
        .shown()
        .iter()
        .filter_map(|kind| tree.unread_kind(sweep, *kind));
    let mut subjects: Vec<_> = unread.collect();
    let chosen = tree
        .members
        .values()
        .filter(|member| tree.is_shown(sweep, member));
    let plans: Vec<_> = chosen.map(|member| tree.plan(*member, events)).collect();
    let mut shelf = Shelf::new(lists, &plans);
    subjects.extend(plans.into_iter().map(|plan| plan.subject(&mut shelf)));
    subjects.sort_by(|a, b| {
        let key = |subject: &Subject| (subject.target.namespace.clone(), subject.target.clone());
        key(a).cmp(&key(b))
    });
    subjects
}

/// An object of the lists.
#[derive(Clone, Copy)]
enum Member<'a> {
    Workload(&'a Workload),
    Pod(&'a Pod),
}

impl<'a> Member<'a> {
    fn kind(self) -> Kind {
        match self {
            Self::Workload(workload) => workload.kind,
            Self::Pod(_) => Kind::Pod,
        }
    }

    fn metadata(self) -> &'a ObjectMeta {
        match self {
            Self::Workload(workload) => &workload.metadata,
            Self::Pod(pod) => &pod.metadata,
        }
    }

    fn uid(self) -> String {
        uid(self.metadata()).to_owned()
    }
}

struct FamilyTree<'a> {
    lists: &'a Lists,
    members: BTreeMap<&'a str, Member<'a>>,
    children: BTreeMap<String, Vec<Member<'a>>>,
}

impl<'a> FamilyTree<'a> {
    fn new(lists: &'a Lists) -> Self {
        let workloads = lists.workloads.values().filter_map(Fact::got).flatten();
        let pods = lists.pods.got().into_iter().flatten();
        let members: BTreeMap<_, _> = workloads
            .map(Member::Workload)
            .chain(pods.map(Member::Pod))
            .map(|member| (uid(member.metadata()), member))
            .collect();
        let mut children = BTreeMap::<_, Vec<_>>::new();
        for member in members.values() {
            if let Some(owner) = controller(member.metadata()) {
                children.entry(owner.uid).or_default().push(*member);
            }
        }
        Self {
            lists,
            members,
            children,
        }
    }

    fn is_shown(&self, sweep: &Sweep, member: &Member<'a>) -> bool {
        let is_selected = |member: &Member| match &self.lists.selected {
            Some(selected) => selected.contains(uid(member.metadata())),
            None => true,
        };
        if !sweep.kinds.is_empty() {
            return sweep.kinds.contains(&member.kind()) && is_selected(member);
        }
        // Labels are often on the pods only, and these are shown as their owners.
        self.owner(*member).is_none() && self.with_descendants(*member).iter().any(is_selected)
    }

    fn owner(&self, member: Member<'a>) -> Option<Member<'a>> {
        let owner = controller(member.metadata())?;
        self.members.get(owner.uid.as_str()).copied()
    }

    /// The object and everything that it and its own objects own.
    fn with_descendants(&self, member: Member<'a>) -> Vec<Member<'a>> {
        let mut found = vec![member];
        let mut seen = BTreeSet::from([uid(member.metadata())]);
        let mut next = 0;
        while let Some(member) = found.get(next) {
            let children = self.children.get(uid(member.metadata()));
            let unseen = children.into_iter().flatten();
            found.extend(unseen.filter(|child| seen.insert(uid(child.metadata()))));
            next += 1;
        }
        found
    }

    fn plan(&self, member: Member<'a>, events: &Fact<EventIndex>) -> Plan {
        let metadata = member.metadata();
        let (owners, top) = self.owners(member);
        let family = self.with_descendants(top);
        let uids: BTreeSet<_> = family.iter().map(|member| uid(member.metadata())).collect();
        Plan {
            target: Target {
                kind: member.kind(),
                namespace: metadata.namespace.clone().unwrap_or_default(),
                name: metadata.name.clone().unwrap_or_default(),
            },
            object: member.uid(),
            owners,
            replica_sets: self.replica_sets(top, &family),
            pods: self.pods(member, top, &family),
            events: about(events, &uids),
        }
    }

    /// The owners, nearest first, and the highest object that was read.
    fn owners(&self, member: Member<'a>) -> (Vec<Fact<String>>, Member<'a>) {
        let (mut owners, mut top) = (Vec::new(), member);
        while let (Some(owner), true) = (self.owner(top), owners.len() < MAX_OWNERS) {
            owners.push(Fact::Got(owner.uid()));
            top = owner;
        }
        let missing = controller(top.metadata())
            .filter(|_| self.owner(top).is_none())
            .and_then(|owner| owner.kind);
        match missing.map(|kind| self.read_of(kind)) {
            Some(Fact::Got(())) => owners.push(Fact::Absent),
            Some(unread) => owners.push(unread.map(|()| String::new())),
            None => {}
        }
        (owners, top)
    }

    fn replica_sets(&self, top: Member<'a>, family: &[Member<'a>]) -> Fact<Vec<String>> {
        if top.kind() != Kind::Deployment {
            return Fact::Got(Vec::new());
        }
        self.read_of(Kind::ReplicaSet).map(|()| {
            let sets = family
                .iter()
                .filter(|member| member.kind() == Kind::ReplicaSet);
            sets.map(|set| set.uid()).collect()
        })
    }

    fn pods(
        &self,
        member: Member<'a>,
        top: Member<'a>,
        family: &[Member<'a>],
    ) -> Fact<Vec<String>> {
        let between = match top.kind() {
            Kind::Deployment => self.read_of(Kind::ReplicaSet),
            Kind::CronJob => self.read_of(Kind::Job),
            _ => Fact::Got(()),
        };
        // Whose pods they are cannot be told without what stands between.
        for read in [between, self.read_of(Kind::Pod)] {
            if !matches!(read, Fact::Got(())) {
                return read.map(|()| Vec::new());
            }
        }
        let pods = family.iter().filter(|one| one.kind() == Kind::Pod);
        if member.kind() != Kind::Pod {
            return Fact::Got(pods.map(|pod| pod.uid()).collect());
        }
        let itself = member.uid();
        let mut siblings: Vec<_> = pods.filter(|pod| pod.uid() != itself).collect();
        siblings.sort_by_key(|pod| {
            let created = pod.metadata().creation_timestamp.as_ref();
            Reverse(created.map(|time| time.0))
        });
        let siblings = siblings.into_iter().take(SIBLINGS).map(|pod| pod.uid());
        Fact::Got([itself].into_iter().chain(siblings).collect())
    }

    /// What came of reading the objects of a kind.
    fn read_of(&self, kind: Kind) -> Fact<()> {
        if kind == Kind::Pod {
            return self.lists.pods.as_ref().map(|_| ());
        }
        let list = self.lists.workloads.get(&kind);
        list.map_or(Fact::NotAsked, |list| list.as_ref().map(|_| ()))
    }

    fn unread_kind(&self, sweep: &Sweep, kind: Kind) -> Option<Subject> {
        let object = match self.read_of(kind) {
            Fact::Refused(unread) => Fact::Refused(unread),
            Fact::Failed(unread) => Fact::Failed(unread),
            Fact::Got(()) | Fact::Absent | Fact::NotAsked => return None,
        };
        Some(Subject {
            target: Target {
                kind,
                namespace: sweep.namespace.clone().unwrap_or_default(),
                name: String::new(),
            },
            manifest: None,
            owners: Vec::new(),
            replica_sets: object.clone().map(|_| Vec::new()),
            pods: object.clone().map(|_| Vec::new()),
            object,
            events: Fact::NotAsked,
        })
    }
}

/// A subject before it has its objects: their uids.
struct Plan {
    target: Target,
    object: String,
    owners: Vec<Fact<String>>,
    replica_sets: Fact<Vec<String>>,
    pods: Fact<Vec<String>>,
    events: Fact<Vec<Event>>,
}

impl Plan {
    fn uids(&self) -> impl Iterator<Item = &String> {
        let lists = [&self.replica_sets, &self.pods];
        let lists = lists.into_iter().filter_map(|list| list.got()).flatten();
        let owners = self.owners.iter().filter_map(Fact::got);
        [&self.object].into_iter().chain(owners).chain(lists)
    }

    fn subject(self, shelf: &mut Shelf) -> Subject {
        let mut workload = |uid: String| {
            let object = shelf.take(&uid);
            object.map_or(Fact::Absent, |object| Fact::Got(object.into_workload()))
        };
        let object = workload(self.object);
        let owners = self.owners.into_iter();
        let owners = owners.map(|owner| owner.and_then(&mut workload)).collect();
        let replica_sets = self.replica_sets.map(|sets| {
            let sets = sets.into_iter().map(&mut workload);
            let mut sets: Vec<_> = sets.filter_map(got).collect();
            newest_first(&mut sets);
            sets
        });
        let pod = |uid: String| shelf.take(&uid).and_then(Object::into_pod);
        let pods = self
            .pods
            .map(|pods| pods.into_iter().filter_map(pod).collect());
        Subject {
            target: self.target,
            manifest: None,
            object,
            owners,
            replica_sets,
            pods,
            events: self.events,
        }
    }
}

/// What was read of one object.
#[derive(Clone)]
enum Object {
    Workload(Workload),
    Pod(Pod),
}

impl Object {
    fn into_workload(self) -> Workload {
        match self {
            Self::Workload(workload) => workload,
            Self::Pod(pod) => pod.into_workload(),
        }
    }

    fn into_pod(self) -> Option<Pod> {
        match self {
            Self::Workload(_) => None,
            Self::Pod(pod) => Some(pod),
        }
    }
}

/// All objects that were read, by uid, each with how many plans still want it: the last one gets the object itself, as
/// copies of thousands of pods take longer than anything else.
struct Shelf(BTreeMap<String, (Object, usize)>);

impl Shelf {
    fn new(lists: Lists, plans: &[Plan]) -> Self {
        let workloads = lists.workloads.into_values().filter_map(got).flatten();
        let pods = got(lists.pods).into_iter().flatten();
        let objects = workloads
            .map(|workload| {
                (
                    uid(&workload.metadata).to_owned(),
                    Object::Workload(workload),
                )
            })
            .chain(pods.map(|pod| (uid(&pod.metadata).to_owned(), Object::Pod(pod))));
        let mut shelf: BTreeMap<_, _> = objects.map(|(uid, object)| (uid, (object, 0))).collect();
        for uid in plans.iter().flat_map(Plan::uids) {
            if let Some((_, wanted)) = shelf.get_mut(uid) {
                *wanted += 1;
            }
        }
        Self(shelf)
    }

    fn take(&mut self, uid: &str) -> Option<Object> {
        let (object, wanted) = self.0.get_mut(uid)?;
        if *wanted > 1 {
            *wanted -= 1;
            return Some(object.clone());
        }
        self.0.remove(uid).map(|(object, _)| object)
    }
}

fn got<T>(fact: Fact<T>) -> Option<T> {
    match fact {
        Fact::Got(value) => Some(value),
        _ => None,
    }
}
