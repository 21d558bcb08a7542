//! Objects that the user named: themselves, their owners, ReplicaSets, pods and events.

use super::{Plan, unready};
use crate::facts::ownership::{self, members};
use crate::facts::{Resource, Target};
use crate::way::{look_for_autoscaler, may_depend_on_nodes};

pub(super) fn plan(plan: &mut Plan, targets: &[Target]) {
    // Beside what tells whether the pods have a sidecar, which saves waiting for that.
    plan.want_what_is_looked_at(|index| look_for_autoscaler(index));
    let mut room = unready::Room {
        workloads: usize::MAX,
        logs: usize::MAX,
    };
    for target in targets {
        family(plan, target, &mut room);
    }
}

fn family(plan: &mut Plan, target: &Target, room: &mut unready::Room) {
    let chain = plan.want_what_is_looked_at(|index| {
        let chain = ownership::chain(index, target);
        if let Some(top) = &chain.top {
            ownership::replica_sets(index, &target.namespace, top);
            ownership::pods(index, target, top);
        }
        ownership::events(index, target, &chain);
        chain
    });
    unready::plan(plan, target, &chain, room);
    // Together with the pod itself, which saves waiting for the answer about the pod.
    if chain.object.got().is_none() {
        for owner in ownership::likely_owners(target) {
            plan.want(owner);
        }
    }
    if members(&chain).last().is_some_and(may_depend_on_nodes) {
        plan.want(super::all(Resource::Node, None));
    }
}
