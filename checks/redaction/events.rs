//! Events that no check looks at: a namespace has many, and they decide nothing.

use std::collections::HashSet;

use crate::facts::kinds::Event;
use crate::facts::{Fact, Kind, Object, Snapshot, Target};
use crate::way::{is_refusal, is_unanswered};

/// Leaves them out. Needed are those about objects that were read, of them in namespaces that nobody asked about only what
/// tells that istiod hangs; and, where webhooks are asked about, which calls failed for whatever pods.
pub fn leave_others(snapshot: &mut Snapshot) {
    let read = uids(snapshot);
    let targets = snapshot.subjects.iter().map(|subject| &subject.target);
    let is_webhook = |target: &Target| target.kind == Kind::MutatingWebhookConfiguration;
    let is_webhook_asked = targets.clone().any(is_webhook);
    let asked: HashSet<_> = targets.map(|one| one.namespace.clone()).collect();

    let is_needed = |event: &Event| {
        let about = &event.involved_object;
        let is_asked = |namespace: &String| asked.contains(namespace);
        let is_read = about.uid.as_ref().is_some_and(|uid| read.contains(uid));
        is_read && (about.namespace.as_ref().is_some_and(is_asked) || is_unanswered(event))
            || is_webhook_asked && is_refusal(event)
    };
    for (_, fact) in snapshot.reads.reads_mut() {
        if let Fact::Got(objects) = fact
            && let Some(events) = Event::among_mut(objects)
        {
            events.retain(is_needed);
        }
    }
}

/// The uids of all objects that were read.
fn uids(snapshot: &Snapshot) -> HashSet<String> {
    let facts = snapshot.reads.reads().filter_map(|(_, fact)| fact.got());
    let all = facts.flat_map(|objects| objects.metadata());
    all.filter_map(|metadata| metadata.uid.clone()).collect()
}
