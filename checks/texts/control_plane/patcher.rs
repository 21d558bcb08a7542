//! istiod writes caBundle into webhooks. Source: `pkg/webhooks/webhookpatch.go` and
//! `pkg/webhooks/validation/controller/controller.go` of Istio (1.4 to 1.31).

use super::ControlPlane;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::node::Node;
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
        words: "patching webhook ",
        read: patching,
    },
    Anchor {
        words: "failed to start patch cert loop",
        read: patch,
    },
    Anchor {
        words: "not ready to switch validation to fail-closed",
        read: not_ready,
    },
    Anchor {
        words: "resource \"pods\"",
        read: rights_of_cni,
    },
    Anchor {
        words: "failed to create webhook cert patcher",
        read: patch,
    },
    Anchor {
        words: "webhook does not belong to target revision",
        read: other_revision,
    },
    Anchor {
        words: "did not contain webhook with target name",
        read: other_entry,
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
    Anchor {
        words: " resource \"",
        read: rights_of_istiod,
    },
];

fn reading(head: &Head, values: Values, what: ControlPlane) -> Option<Reading> {
    let end = head.message().end();
    Some(values.into_reading(What::ControlPlane(what), head.at.start, end))
}

fn not_ready(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    // A script that is retrying says no more than that it waits.
    if head.message().text.starts_with(char::is_alphanumeric) {
        return None;
    }
    if let Some((_, configuration)) = head.before_in_message().split("error handling /") {
        values.add(Key::Configuration, configuration.word().0);
    }
    // It takes a few tries while istiod starts.
    let count = head.before_in_message().after("retry count: ");
    let count = count.map(|count| count.take(|c| c.is_ascii_digit()).0.text);
    let often = count.is_some_and(|count| count.parse::<u64>().is_ok_and(|count| count > 9));
    let values = values.into_reading(
        What::ControlPlane(ControlPlane::WebhookNotReady { often }),
        head.at.start,
        head.at.end,
    );
    Some(values)
}

fn patch(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    // Other programs patch webhooks too, and conflicts are read by their own words.
    let of_configuration = message.has("webhookconfiguration") || head.surroundings.mesh;
    if message.has("the object has been modified") || !of_configuration {
        return None;
    }
    values.add(Key::Reason, message.strip(":").unwrap_or(message).trim());
    let is_missing = message.has("webhookconfigurations") && message.has("not found");
    let what = match is_missing {
        true => ControlPlane::NoWebhook,
        // istiod has no root to write, as it has no certificate either.
        false if message.has("could not decode pem") => ControlPlane::NoCertificate,
        false => ControlPlane::CannotPatch,
    };
    reading(head, values, what)
}

/// `patching webhook NAME failed: ...`, since Istio 1.24.
fn patching(head: &Head) -> Option<Reading> {
    let (name, rest) = head.message().word();
    rest.strip("failed")?;
    name.has("istio").then(|| patch(head))?
}

fn other_revision(head: &Head) -> Option<Reading> {
    reading(head, Values::default(), ControlPlane::OtherRevision)
}

fn other_entry(head: &Head) -> Option<Reading> {
    reading(head, Values::default(), ControlPlane::OtherEntry)
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

/// The network plugin asks the API server for each pod.
fn rights_of_cni(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (user, _) = head.before().split("User ")?.1.quoted()?;
    values.add(Key::Account, user);
    user.has("istio-cni").then(|| {
        let end = head.message().end();
        values.into_reading(What::Node(Node::CniPlugin), head.at.start, end)
    })
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
    reading(head, values, lacked(verb, resource)?)
}

/// What istiod cannot do without a right that has its own cause.
fn lacked(verb: Part, resource: Part) -> Option<ControlPlane> {
    let writes = matches!(verb.text, "create" | "update" | "patch");
    match resource.text {
        "configmaps" => writes.then_some(ControlPlane::CannotWriteRoot),
        "mutatingwebhookconfigurations" | "validatingwebhookconfigurations" => {
            Some(ControlPlane::CannotPatch)
        }
        _ => None,
    }
}

/// Any other right that istiod lacks. The account is named after it since Istio 1.5.
fn rights_of_istiod(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (user, rest) = head.before().split("User ")?.1.quoted()?;
    let (_, account) = user.text.rsplit_once(':')?;
    if !account.starts_with("istiod") {
        return None;
    }
    let verb = rest.after("cannot ")?.word().0;
    let (resource, _) = Part::of(head.text, head.at.start..head.rest().end()).next_quoted()?;
    values.add(Key::Account, user);
    values.add(Key::Verb, verb);
    values.add(Key::Resource, resource);
    let what = lacked(verb, resource).unwrap_or(ControlPlane::LacksRights);
    reading(head, values, what)
}
