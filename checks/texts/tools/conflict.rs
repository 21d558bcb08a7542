//! Conflicts of managers. Source: `k8s.io/apimachinery/.../managedfields/internal/conflict.go` (1.18 to 1.36), Helm 3 and 4.

use super::Tool;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "conflict with \"",
        read: conflict,
    },
    Anchor {
        words: "conflicts with \"",
        read: conflict,
    },
    Anchor {
        words: "invalid ownership metadata",
        read: ownership,
    },
];

/// `conflict with "MANAGER" using GROUP/VERSION: .FIELD`.
fn conflict(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (manager, rest) = message.split("\"")?;
    let is_webhook =
        rest.has("admissionregistration.k8s.io") || head.before().has("webhookconfiguration");
    let is_istio = head.around().has("istio") || manager.text == "pilot-discovery";
    if !is_webhook || !is_istio || manager.text.len() > 100 {
        return None;
    }
    values.add(Key::Manager, manager);
    if let Some(at) = rest.text.find(".webhooks") {
        let (field, _) = rest.cut(at).1.take(|c| !c.is_whitespace());
        values.add(Key::Field, field.trim_end_of(&[',', '\\']));
    }
    let of_platform = manager.has("admissionsenforcer");
    let what = What::Tool(Tool::Conflict { of_platform });
    Some(values.into_reading(what, head.at.start, message.end()))
}

/// `KIND "NAME" in namespace "" exists and cannot be imported into the current release: invalid ownership metadata`.
fn ownership(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let validating = before.has("validatingwebhookconfiguration");
    if !validating && !before.has("mutatingwebhookconfiguration") || !before.has("istio") {
        return None;
    }
    if let Some((name, _)) = before
        .text
        .find("WebhookConfiguration")
        .and_then(|at| before.cut(at).1.next_quoted())
    {
        values.add(Key::Configuration, name);
    }
    let what = What::Tool(Tool::NotOwned { validating });
    Some(values.into_reading(what, head.at.start, head.message().end()))
}
