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

/// `Unable to continue with install: KIND "NAME" in namespace "" exists and cannot be imported into the current release: invalid ownership metadata`.
fn ownership(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let (object, _) = before
        .after("nable to continue with")?
        .split(" in namespace ")?;
    let (name, _) = object.next_quoted()?;
    let validating = object.has("validatingwebhookconfiguration");
    let of_webhook = validating || object.has("mutatingwebhookconfiguration");
    // What all installations share, such as definitions of resources, says nothing of another istiod.
    if !(of_webhook && name.has("istio") || name.has("istiod")) {
        return None;
    }
    let key = match of_webhook {
        true => Key::Configuration,
        false => Key::Object,
    };
    values.add(key, name);
    let what = What::Tool(Tool::NotOwned { validating });
    Some(values.into_reading(what, head.at.start, head.message().end()))
}
