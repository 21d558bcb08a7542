//! Who belongs to whom: owners, pods, ReplicaSets and events.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use injdoctor_checks::facts::{Fact, Kind, Workload};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Owners above an object to follow. Real chains have two; whoever writes ownerReferences by hand can
/// make endless ones.
pub const MAX_OWNERS: usize = 8;

/// The controller of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its kind, where that is a kind of target.
    pub kind: Option<Kind>,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// The controller that the ownerReferences name.
pub fn controller(metadata: &ObjectMeta) -> Option<Controller> {
    let owner = metadata
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.controller == Some(true))?;
    let group = owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    let kind = Kind::WORKLOADS
        .into_iter()
        .find(|kind| kind.name() == owner.kind && kind.group() == group);
    Some(Controller {
        kind,
        name: owner.name.clone(),
        uid: owner.uid.clone(),
    })
}

/// The uid of an object's controller.
pub fn controller_uid(metadata: &ObjectMeta) -> Option<&str> {
    let mut owners = metadata.owner_references.iter().flatten();
    let owner = owners.find(|owner| owner.controller == Some(true))?;
    Some(&owner.uid)
}

/// An object's uid.
pub fn uid(metadata: &ObjectMeta) -> &str {
    metadata.uid.as_deref().unwrap_or_default()
}

/// Sorts ReplicaSets by their Deployment's revision, the newest first.
pub fn newest_first(replica_sets: &mut [Workload]) {
    replica_sets.sort_by_cached_key(|set| {
        let annotations = set.metadata.annotations.as_ref();
        let revision = annotations
            .and_then(|annotations| annotations.get("deployment.kubernetes.io/revision"))
            .and_then(|revision| revision.parse::<u64>().ok());
        let created = set.metadata.creation_timestamp.as_ref().map(|time| time.0);
        Reverse((revision, created))
    });
}

/// Events by the uid of the object they are about.
#[derive(Debug, Default)]
pub struct EventIndex(BTreeMap<String, Vec<Event>>);

impl EventIndex {
    /// Events that are about nothing with a uid are of no use, and left out.
    pub fn new(events: Vec<Event>) -> Self {
        let mut index = BTreeMap::<_, Vec<_>>::new();
        for event in events {
            if let Some(uid) = event.involved_object.uid.clone() {
                index.entry(uid).or_default().push(event);
            }
        }
        Self(index)
    }

    /// The events about any of the objects, newest last.
    pub fn about(&self, uids: &BTreeSet<&str>) -> Vec<Event> {
        let mut events: Vec<_> = uids
            .iter()
            .filter_map(|uid| self.0.get(*uid))
            .flatten()
            .cloned()
            .collect();
        events.sort_by_key(happened);
        events
    }
}

/// The events about the objects, as far as events could be read.
pub fn about(events: &Fact<EventIndex>, uids: &BTreeSet<&str>) -> Fact<Vec<Event>> {
    events.as_ref().map(|index| index.about(uids))
}

/// When an event happened last.
fn happened(event: &Event) -> Option<Timestamp> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_controller_counts_as_owner_and_only_with_its_group() {
        let table = [
            (
                json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "1", "controller": true}]),
                Some(Some(Kind::ReplicaSet)),
            ),
            (
                json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "0"},
                    {"apiVersion": "batch/v1", "kind": "Job", "name": "x", "uid": "1", "controller": true}]),
                Some(Some(Kind::Job)),
            ),
            (
                json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "x", "uid": "1", "controller": true}]),
                Some(None),
            ),
            (
                json!([{"apiVersion": "example.com/v1", "kind": "Deployment", "name": "x", "uid": "1", "controller": true}]),
                Some(None),
            ),
            (
                json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "1"}]),
                None,
            ),
            (json!([]), None),
        ];
        for (owners, expected) in table {
            let metadata: ObjectMeta =
                serde_json::from_value(json!({"ownerReferences": owners})).unwrap();
            assert_eq!(
                controller(&metadata).map(|owner| owner.kind),
                expected,
                "{owners}"
            );
        }
    }

    #[test]
    fn events_come_newest_last_whichever_clock_they_carry() {
        let event = |name: &str, more: serde_json::Value| {
            let mut event = json!({"metadata": {"name": name}, "involvedObject": {"uid": "u"}});
            event
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Event>(event).unwrap()
        };
        let index = EventIndex::new(vec![
            event("c", json!({"lastTimestamp": "2026-01-03T00:00:00Z"})),
            event("b", json!({"eventTime": "2026-01-02T00:00:00.000000Z"})),
            event(
                "d",
                json!({"eventTime": "2026-01-01T00:00:00.000000Z",
                              "series": {"count": 2, "lastObservedTime": "2026-01-04T00:00:00.000000Z"}}),
            ),
            event("a", json!({})),
        ]);
        let names: Vec<_> = index
            .about(&BTreeSet::from(["u", "v"]))
            .into_iter()
            .filter_map(|e| e.metadata.name)
            .collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert!(index.about(&BTreeSet::from(["v"])).is_empty());
    }

    #[test]
    fn replica_sets_are_sorted_by_revision_as_a_number() {
        let set = |revision: &str| {
            let metadata = json!({"name": revision, "annotations": {"deployment.kubernetes.io/revision": revision}});
            Workload {
                kind: Kind::ReplicaSet,
                metadata: serde_json::from_value(metadata).unwrap(),
                template: Default::default(),
                rollout: Default::default(),
                replicas: None,
                conditions: Vec::new(),
            }
        };
        let mut sets = [set("9"), set("10"), set("x")];
        newest_first(&mut sets);
        assert_eq!(sets.map(|set| set.metadata.name.unwrap()), ["10", "9", "x"]);
    }
}
