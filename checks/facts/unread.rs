//! The reads that brought nothing.

use super::{Fact, Snapshot, Subject, Unread};

/// The reads that brought nothing, for a subject and for the cluster.
pub fn unread(snapshot: &Snapshot, subject: &Subject) -> Vec<Unread> {
    sorted(nothing(snapshot, subject).map(|(_, unread)| unread))
}

/// Those among them that the API server refused for want of a permission.
pub fn refused(snapshot: &Snapshot, subject: &Subject) -> Vec<Unread> {
    let nothing = nothing(snapshot, subject);
    sorted(nothing.filter_map(|(why, unread)| (why == Why::Refused).then_some(unread)))
}

fn sorted<'a>(unread: impl Iterator<Item = &'a Unread>) -> Vec<Unread> {
    let mut unread: Vec<_> = unread.cloned().collect();
    unread.sort();
    unread.dedup();
    unread
}

/// Why a read brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Refused,
    Failed,
}

fn why<T>(fact: &Fact<T>) -> Option<(Why, &Unread)> {
    match fact {
        Fact::Refused(unread) => Some((Why::Refused, unread)),
        Fact::Failed(unread) => Some((Why::Failed, unread)),
        Fact::Got(_) | Fact::Absent | Fact::NotAsked => None,
    }
}

fn nothing<'a>(
    snapshot: &'a Snapshot,
    subject: &'a Subject,
) -> impl Iterator<Item = (Why, &'a Unread)> {
    let cluster = &snapshot.cluster;
    let namespace = cluster.namespaces.get(&subject.target.namespace);
    let own = [
        why(&subject.object),
        why(&subject.replica_sets),
        why(&subject.pods),
        why(&subject.events),
        why(&cluster.server_version),
        namespace.and_then(why),
        why(&cluster.webhooks),
        why(&cluster.api_servers),
        why(&cluster.kubelet_versions),
    ];
    own.into_iter()
        .flatten()
        .chain(subject.owners.iter().filter_map(why))
        .chain(cluster.services.values().filter_map(why))
        .chain(cluster.endpoint_slices.values().filter_map(why))
        .chain(cluster.pods.values().filter_map(why))
        .chain(cluster.deployments.values().filter_map(why))
        .chain(cluster.config_maps.values().filter_map(why))
}
