//! Many objects at once: one list for each kind, never a request for each object.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashSet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Plan, unready};
use crate::facts::ownership::{self, OwnerName, controller, descendants, events_read, uid};
use crate::facts::{Index, Kind, MakesPods, Object, Objects, Read, Resource, Target, for_workload};
use crate::way::may_depend_on_nodes;

/// Pods to be read one by one; of more, all of their namespaces are listed.
const ONE_BY_ONE: usize = 8;

/// Of a mesh in which more is not ready than that, the rest is as that, or it is shown one by one.
const ROOM: unready::Room = unready::Room {
    workloads: 50,
    logs: 50,
};

/// Which objects of which namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The namespace; none for all.
    pub namespace: Option<String>,
    /// All objects of these kinds; none for everything that is owned by nothing known.
    pub kinds: Vec<Kind>,
    /// A label selector.
    pub selector: Option<String>,
    /// Nothing but what this object owns.
    pub owner: Option<OwnerName>,
}

impl Sweep {
    /// The kinds that subjects can have.
    fn shown(&self) -> &[Kind] {
        match self.kinds.as_slice() {
            [] => &Kind::WORKLOADS,
            kinds => kinds,
        }
    }

    /// The kinds to read for them, besides pods: themselves, their owners, and what stands between
    /// them and their pods.
    fn needed(&self) -> BTreeSet<Kind> {
        let is_no_pod = |kind: &Kind| *kind != Kind::Pod;
        if self.shown().contains(&Kind::Pod) {
            return Kind::WORKLOADS.into_iter().filter(is_no_pod).collect();
        }
        let mut needed: BTreeSet<_> = self.kinds.iter().copied().collect();
        for pair in [
            [Kind::Deployment, Kind::ReplicaSet],
            [Kind::CronJob, Kind::Job],
        ] {
            if pair.iter().any(|kind| needed.contains(kind)) {
                needed.extend(pair);
            }
        }
        needed
    }

    fn list(&self, kind: Kind) -> Read {
        let all = super::all(kind.resource(), self.namespace.as_deref());
        match kind {
            // Of most pods nothing but labels, annotations and owners matters.
            Kind::Pod => all.metadata(),
            _ => all,
        }
    }

    /// The list that tells which objects of a kind the label selector selects: asked of the API server,
    /// so that its grammar need not be copied. None without a selector.
    pub fn selected(&self, kind: Kind) -> Option<Read> {
        let labels = self.selector.as_deref()?;
        let all = super::all(kind.resource(), self.namespace.as_deref());
        Some(all.labelled(labels).metadata())
    }
}

pub(super) fn plan(plan: &mut Plan, sweep: &Sweep) {
    for kind in sweep.needed() {
        plan.want(sweep.list(kind));
    }
    plan.want(sweep.list(Kind::Pod));
    plan.want(events_read(sweep.namespace.as_deref()));
    for kind in sweep.shown() {
        if let Some(selected) = sweep.selected(*kind) {
            plan.want(selected);
        }
    }
    if sweep.shown().contains(&Kind::Pod) {
        bare_pods(plan, sweep);
    }
    let mut room = ROOM;
    for target in targets(plan.index, sweep) {
        let chain = ownership::chain(plan.index, &target);
        unready::plan(plan, &target, &chain, &mut room);
    }
    if depends_on_nodes(plan.index, sweep) {
        plan.want(super::all(Resource::Node, None));
    }
}

/// Asks for all of the pods whose template stands in no owner.
fn bare_pods(plan: &mut Plan, sweep: &Sweep) {
    let lists = Lists::new(plan.index, sweep);
    let pods = lists.of(Kind::Pod).iter();
    let bare =
        pods.filter(|pod| !lists.has_maker(Kind::Pod, pod) && lists.is_shown(Kind::Pod, pod));
    let mut by_namespace = BTreeMap::<&str, Vec<&str>>::new();
    for pod in bare {
        let namespace = pod.namespace.as_deref().unwrap_or_default();
        let names = by_namespace.entry(namespace).or_default();
        names.push(pod.name.as_deref().unwrap_or_default());
    }
    let count: usize = by_namespace.values().map(Vec::len).sum();
    if by_namespace.len() > ONE_BY_ONE {
        plan.want(super::all(Resource::Pod, sweep.namespace.as_deref()));
        return;
    }
    for (namespace, names) in by_namespace {
        if count > ONE_BY_ONE {
            plan.want(super::all(Resource::Pod, Some(namespace)));
            continue;
        }
        for name in names {
            plan.want(Read::get(Resource::Pod, Some(namespace), name));
        }
    }
}

fn depends_on_nodes(index: &Index, sweep: &Sweep) -> bool {
    fn any<T: Object + MakesPods>(index: &Index, sweep: &Sweep) -> bool {
        let mut reads = index.store().reads_of(T::RESOURCE);
        reads.any(|(read, fact)| {
            let is_swept = sweep.namespace.is_none() || read.namespace == sweep.namespace;
            let objects = fact.got().and_then(T::among).unwrap_or_default();
            is_swept && objects.iter().any(|one| may_depend_on_nodes(one))
        })
    }
    let mut kinds = sweep.needed().into_iter().chain([Kind::Pod]);
    kinds.any(|kind| for_workload!(kind, any(index, sweep), false))
}

/// What a sweep is about, sorted by namespace, kind and name. A kind that could not be listed is a
/// target without a name.
pub(super) fn targets(index: &Index, sweep: &Sweep) -> Vec<Target> {
    let lists = Lists::new(index, sweep);
    let mut targets = Vec::new();
    for kind in sweep.shown() {
        let selected = sweep.selected(*kind);
        let reads = [Some(sweep.list(*kind)), selected].into_iter().flatten();
        if reads
            .clone()
            .any(|read| index.store().of(&read).unread().is_some())
        {
            targets.push(Target {
                kind: *kind,
                namespace: sweep.namespace.clone().unwrap_or_default(),
                name: String::new(),
            });
        }
        let shown = lists
            .of(*kind)
            .iter()
            .filter(|one| lists.is_shown(*kind, one));
        targets.extend(shown.map(|metadata| Target {
            kind: *kind,
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
        }));
    }
    targets.sort_by(|a, b| (&a.namespace, a).cmp(&(&b.namespace, b)));
    targets.dedup();
    targets
}

/// The lists of a sweep.
struct Lists<'s, 'i, 'a> {
    sweep: &'s Sweep,
    index: &'i Index<'a>,
    by_kind: BTreeMap<Kind, Vec<&'a ObjectMeta>>,
    /// The uids of what can make others: of all but pods.
    makers: HashSet<&'a str>,
    /// The uids of what the label selector selects; none without one.
    selected: Option<HashSet<&'a str>>,
}

impl<'s, 'i, 'a> Lists<'s, 'i, 'a> {
    fn new(index: &'i Index<'a>, sweep: &'s Sweep) -> Self {
        let metadata = |read: &Read| {
            let objects = index.store().of(read).got();
            objects.map(Objects::metadata).unwrap_or_default()
        };
        let kinds = sweep.needed().into_iter();
        let mut by_kind: BTreeMap<_, _> = kinds
            .map(|kind| (kind, metadata(&sweep.list(kind))))
            .collect();
        let makers = by_kind.values().flatten().map(|one| uid(one)).collect();
        by_kind.insert(Kind::Pod, metadata(&sweep.list(Kind::Pod)));
        let selected = sweep.selector.is_some().then(|| {
            let reads = sweep
                .shown()
                .iter()
                .filter_map(|kind| sweep.selected(*kind));
            reads.flat_map(|read| metadata(&read)).map(uid).collect()
        });
        Self {
            sweep,
            index,
            by_kind,
            makers,
            selected,
        }
    }

    fn of(&self, kind: Kind) -> &[&'a ObjectMeta] {
        self.by_kind.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether what makes an object is among the objects of the lists.
    fn has_maker(&self, kind: Kind, metadata: &'a ObjectMeta) -> bool {
        let owner = controller(metadata).filter(|owner| owner.maker_of(kind).is_some());
        owner.is_some_and(|owner| self.makers.contains(owner.uid))
    }

    fn is_shown(&self, kind: Kind, metadata: &'a ObjectMeta) -> bool {
        if let Some(owner) = &self.sweep.owner {
            return owner.owns(metadata);
        }
        let is_selected = |uid: &str| match &self.selected {
            Some(selected) => selected.contains(uid),
            None => true,
        };
        if !self.sweep.kinds.is_empty() {
            return self.sweep.kinds.contains(&kind) && is_selected(uid(metadata));
        }
        // Labels are often on the pods only, and these are shown as their owners.
        !self.has_maker(kind, metadata)
            && (is_selected(uid(metadata))
                || descendants(self.index, uid(metadata))
                    .iter()
                    .any(|one| is_selected(uid(one.metadata))))
    }
}
