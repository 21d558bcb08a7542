//! What is read more of workloads whose pods are not ready: the pods as a whole, and logs.
//!
//! Logs come from the nodes and disclose what programs write, so none is read of a container that is well.

use super::Plan;
use crate::facts::kinds::Pod;
use crate::facts::ownership::{Chain, pods, pods_read, run};
use crate::facts::{MakesPods as _, Read, Resource, Target};
use crate::way::running::{Step, is_meant, may_have_sidecars, step, waits_for_end, wanted_logs};

/// How many workloads are looked at closer, and logs read of all of them.
pub(super) struct Room {
    pub(super) workloads: usize,
    pub(super) logs: usize,
}

/// Asks for what tells why pods of a target are not ready.
pub(super) fn plan(plan: &mut Plan, target: &Target, chain: &Chain, room: &mut Room) {
    let (Some(object), Some(top)) = (chain.object.got(), &chain.top) else {
        return;
    };
    let index = plan.index;
    let run = run(index, target, top).got().copied().flatten();
    let readiness = run.map_or_else(|| object.readiness(), |run| run.readiness());
    if readiness.is_none_or(|all| all.ready >= all.pods) || room.workloads == 0 {
        return;
    }
    let Some(pods) = pods(index, target, top).got().cloned() else {
        return;
    };
    if !may_have_sidecars(&pods, object.template().1) {
        return;
    }
    room.workloads -= 1;
    let whole: Vec<_> = pods
        .iter()
        .filter_map(|pod| index.whole::<Pod>(pod))
        .collect();
    if whole.len() < pods.len() {
        plan.want(pods_read(&target.namespace, top));
    }
    let needs_nodes = |pod: &Pod| {
        step(pod).is_some_and(|step| step == Step::Node || waits_for_end(step).is_some())
    };
    if whole.iter().any(|pod| needs_nodes(pod)) {
        plan.want(super::all(Resource::Node, None));
    }
    let is_at_proxy = |pod: &Pod| matches!(step(pod), Some(Step::Proxy(_)));
    if whole.iter().any(|pod| is_at_proxy(pod)) {
        plan.want(super::all(Resource::NetworkPolicy, Some(&target.namespace)));
    }
    let logs = wanted_logs(whole.into_iter().filter(|pod| is_meant(target, run, pod)));
    let logs: Vec<_> = logs.into_iter().take(room.logs).collect();
    room.logs -= logs.len();
    for (pod, log) in logs {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        plan.want(Read::log(&target.namespace, name, log));
    }
}
