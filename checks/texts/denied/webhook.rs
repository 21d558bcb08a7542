//! Refusals by webhooks. Source: `ToStatusErr` in `k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go`.

use super::security::asks_for_sidecar;
use super::{Denied, injector, names_sidecar};
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::party::{self, Party};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "denied the request",
        read: denied,
    },
    Anchor {
        words: "does not support dry run",
        read: dry_run,
    },
];

fn denied(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before();
    let named = before
        .text
        .rfind("webhook ")
        .and_then(|at| before.cut(at).1.after("webhook "));
    let named = named.and_then(|named| named.quoted());
    let start = named.map_or(head.at.start, |(name, _)| name.at);
    if let Some((name, _)) = named {
        values.add(Key::Webhook, name);
    }
    let message = head.message();
    let rest = message.strip(":").unwrap_or(message).trim();
    let party = named.map_or(Party::Unnamed, |(name, _)| party::of_webhook(name.text));
    let by_injector = matches!(party, Party::Injector | Party::Istio | Party::Unnamed);
    let refusal = by_injector
        .then(|| injector::refusal(rest, &mut values))
        .flatten();
    values.add(Key::Reason, rest);
    let denied = match (refusal, party) {
        (Some(refusal), _) => Denied::Injector(refusal),
        (None, Party::Injector) => Denied::InjectorOtherwise,
        (None, Party::Validator | Party::Istio | Party::OtherInjector | Party::Unnamed) => {
            return None;
        }
        (None, Party::Foreign) => {
            let name = named.map_or("", |(name, _)| name.text);
            let is_gke = name.ends_with("gke.io") || name.contains("gke.io");
            let is_autopilot = is_gke || rest.has("autogke") || rest.has("gke warden");
            match () {
                () if is_autopilot && asks_for_sidecar(rest) => Denied::Autopilot,
                () if !is_autopilot && names_sidecar(rest) => Denied::WebhookBecauseOfSidecar,
                () => Denied::Webhook {
                    of_pods: before.has("error creating: ")
                        || rest.has("pod/")
                        || before.has("pods \""),
                },
            }
        }
    };
    let end = rest.end();
    Some(values.into_reading(What::Denied(denied), start, end))
}

fn dry_run(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before();
    let at = before.text.rfind("webhook ")?;
    let (name, _) = before.cut(at).1.after("webhook ")?.quoted()?;
    values.add(Key::Webhook, name);
    party::of_webhook(name.text)
        .is_istio()
        .then(|| values.into_reading(What::Denied(Denied::DryRun), name.at, head.at.end))
}
