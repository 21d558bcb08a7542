//! Objects that the user named: themselves, their owners, ReplicaSets, pods and events.

use super::Plan;
use crate::facts::ownership::{self, members};
use crate::facts::{Kind, Read, Resource, Target};
use crate::way::may_depend_on_nodes;

pub(super) fn plan(plan: &mut Plan, targets: &[Target]) {
    for target in targets {
        family(plan, target);
    }
}

fn family(plan: &mut Plan, target: &Target) {
    let chain = plan.want_what_is_looked_at(|index| {
        let chain = ownership::chain(index, target);
        if let Some(top) = &chain.top {
            ownership::replica_sets(index, &target.namespace, top);
            ownership::pods(index, target, top);
        }
        ownership::events(index, target, &chain);
        chain
    });
    if chain.object.got().is_none() {
        guess_owners(plan, target);
    }
    if members(&chain).last().is_some_and(may_depend_on_nodes) {
        plan.want(super::all(Resource::Node, None));
    }
}

/// Asks for the owners that a pod has by its name, together with the pod itself, which saves waiting
/// for the answer about the pod. A guess that is wrong brings "not found", and is not looked at again.
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/storage/names/generate.go` (five characters behind the
/// owner's name) and `pkg/controller/deployment/sync.go` (the ReplicaSet's name).
fn guess_owners(plan: &mut Plan, target: &Target) {
    if target.kind != Kind::Pod || target.name.is_empty() {
        return;
    }
    let namespace = Some(target.namespace.as_str());
    let Some((owner, random)) = target.name.rsplit_once('-') else {
        return;
    };
    if let (5, Some((deployment, hash))) = (random.len(), owner.rsplit_once('-'))
        && is_hash(hash)
        && is_hash(random)
    {
        plan.want(Read::get(Resource::ReplicaSet, namespace, owner));
        plan.want(Read::get(Resource::Deployment, namespace, deployment));
    }
}

/// Whether Kubernetes can have made a part of a name: without vowels, and what looks like them.
/// Source: Kubernetes 1.36, `k8s.io/apimachinery/pkg/util/rand/rand.go`.
fn is_hash(text: &str) -> bool {
    let fits = |c: char| "bcdfghjklmnpqrstvwxz2456789".contains(c);
    (1..=10).contains(&text.len()) && text.chars().all(fits)
}
