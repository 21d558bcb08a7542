//! istiod writes caBundle into webhooks. Source: `pkg/webhooks/webhookpatch.go` and
//! `pkg/webhooks/validation/controller/controller.go` of Istio (1.4 to 1.31).

use super::ControlPlane;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "webhook is not ready, retry",
        read: not_ready,
    },
    Anchor {
        words: "patch webhook failed",
        read: patch,
    },
    Anchor {
        words: "failed to patch webhook",
        read: patch,
    },
    Anchor {
        words: "register webhook failed",
        read: register,
    },
    Anchor {
        words: "the object has been modified",
        read: modified,
    },
    Anchor {
        words: "resource \"mutatingwebhookconfigurations\"",
        read: rights,
    },
    Anchor {
        words: "resource \"validatingwebhookconfigurations\"",
        read: rights,
    },
    Anchor {
        words: "resource \"configmaps\"",
        read: rights,
    },
];

fn reading(head: &Head, values: Values, what: ControlPlane) -> Option<Reading> {
    let end = head.message().end();
    Some(values.into_reading(What::ControlPlane(what), head.at.start, end))
}

fn not_ready(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    if let Some((_, configuration)) = head.before_in_message().split("error handling /") {
        values.add(Key::Configuration, configuration.word().0);
    }
    let values = values.into_reading(
        What::ControlPlane(ControlPlane::WebhookNotReady),
        head.at.start,
        head.at.end,
    );
    Some(values)
}

fn patch(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    if message.has("the object has been modified") {
        return None;
    }
    values.add(Key::Reason, message.strip(":").unwrap_or(message).trim());
    reading(head, values, ControlPlane::CannotPatch)
}

fn register(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let what = match message.has("could not find the requested resource") {
        true => ControlPlane::NoWebhookApi,
        false => ControlPlane::CannotPatch,
    };
    values.add(Key::Reason, message.strip(":").unwrap_or(message).trim());
    reading(head, values, what)
}

/// `Operation cannot be fulfilled on RESOURCE "NAME": the object has been modified`.
fn modified(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let (_, on) = before.split("cannot be fulfilled on ")?;
    let (resource, rest) = on.word();
    let validating = resource.has("validatingwebhookconfigurations");
    if !validating && !resource.has("mutatingwebhookconfigurations") {
        return None;
    }
    let (name, _) = rest.quoted()?;
    if !name.has("istio") {
        return None;
    }
    values.add(Key::Configuration, name);
    reading(head, values, ControlPlane::FoughtOver { validating })
}

/// `User "system:serviceaccount:istio-system:istiod" cannot VERB resource "RESOURCE"`. Source:
/// `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go`.
fn rights(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before();
    let (_, user) = before.split("User ")?;
    let (user, rest) = user.quoted()?;
    if !user.has("istio") {
        return None;
    }
    values.add(Key::Account, user);
    let verb = rest.after("cannot ")?.word().0;
    values.add(Key::Verb, verb);
    let resource = Part::of(head.text, head.at.clone()).next_quoted()?.0;
    values.add(Key::Resource, resource);
    let what = match resource.text {
        "configmaps" if matches!(verb.text, "create" | "update" | "patch") => {
            ControlPlane::CannotWriteRoot
        }
        "configmaps" => return None,
        _ => ControlPlane::CannotPatch,
    };
    reading(head, values, what)
}
