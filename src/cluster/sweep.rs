//! Many objects at once: one list per kind, never a request per object.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{BoxFuture, FutureExt, join_all};
use injdoctor_checks::facts::{Fact, Kind, Workload};
use k8s_openapi::api::core::v1::Pod;
use kube::api::PartialObjectMeta;
use tokio::join;

use super::read::{Reader, Selection, Trouble};
use super::workload::{MakesPods, for_kind};

/// Which objects of which namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The namespace; none for all.
    pub namespace: Option<String>,
    /// All objects of these kinds; none for everything that is owned by nothing known.
    pub kinds: Vec<Kind>,
    /// A label selector.
    pub selector: Option<String>,
}

/// Everything that was read for a sweep.
#[derive(Debug, Default)]
pub struct Lists {
    /// The objects of each kind but pods.
    pub workloads: BTreeMap<Kind, Fact<Vec<Workload>>>,
    /// The pods.
    pub pods: Fact<Vec<Pod>>,
    /// The uids of the objects that the label selector selects; none without one.
    pub selected: Option<BTreeSet<String>>,
}

/// A label selector that the API server refuses, in its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSelector(pub String);

impl Sweep {
    /// The kinds that subjects can have.
    pub fn shown(&self) -> &[Kind] {
        if self.kinds.is_empty() {
            return &Kind::WORKLOADS;
        }
        &self.kinds
    }

    /// The kinds to read for them: themselves, their owners, and what stands between them and their
    /// pods. Pods are read in any case.
    fn needed(&self) -> BTreeSet<Kind> {
        if self.shown().contains(&Kind::Pod) {
            return Kind::WORKLOADS
                .into_iter()
                .filter(|kind| *kind != Kind::Pod)
                .collect();
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
}

/// Reads all lists that a sweep takes, at once.
pub async fn read(reader: &Reader<'_>, sweep: &Sweep) -> Result<Lists, BadSelector> {
    fn list<'a, K: MakesPods>(
        reader: &'a Reader<'_>,
        selection: Selection<'a>,
    ) -> BoxFuture<'a, Fact<Vec<Workload>>> {
        let objects = reader.list::<K>(selection);
        let workloads =
            |objects: Vec<K>| objects.into_iter().map(MakesPods::into_workload).collect();
        objects.map(move |objects| objects.map(workloads)).boxed()
    }
    let selection = Selection::within(sweep.namespace.as_deref());
    let kinds = sweep.needed();
    let lists = kinds.iter().map(|kind| {
        for_kind!(
            kind,
            list(reader, selection),
            async { Fact::NotAsked }.boxed()
        )
    });
    let (lists, pods, selected) = join!(
        join_all(lists),
        reader.pods(selection),
        read_selected(reader, sweep),
    );
    Ok(Lists {
        workloads: kinds.iter().copied().zip(lists).collect(),
        pods,
        selected: selected?,
    })
}

/// Asks the API server itself what the selector selects, so that its grammar need not be copied.
async fn read_selected(
    reader: &Reader<'_>,
    sweep: &Sweep,
) -> Result<Option<BTreeSet<String>>, BadSelector> {
    fn uids<'a, K: MakesPods>(
        reader: &'a Reader<'_>,
        selection: Selection<'a>,
    ) -> BoxFuture<'a, Result<Vec<String>, Trouble>> {
        let objects = reader.list_metadata::<K>(selection);
        let uids = |objects: Vec<PartialObjectMeta<K>>| {
            let uids = objects.into_iter().filter_map(|object| object.metadata.uid);
            uids.collect()
        };
        objects.map(move |objects| objects.map(uids)).boxed()
    }
    let Some(selector) = &sweep.selector else {
        return Ok(None);
    };
    let selection = Selection::within(sweep.namespace.as_deref()).labelled(selector);
    let lists = sweep.shown().iter().map(|kind| {
        for_kind!(
            kind,
            uids(reader, selection),
            async { Ok(Vec::new()) }.boxed()
        )
    });
    let mut selected = BTreeSet::new();
    for list in join_all(lists).await {
        match list {
            Ok(uids) => selected.extend(uids),
            Err(Trouble::Api(status)) if status.code == 400 => {
                return Err(BadSelector(status.message));
            }
            // The whole list of the kind has met the same, and tells it.
            Err(_) => {}
        }
    }
    Ok(Some(selected))
}
