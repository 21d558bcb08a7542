//! Refusals because of quotas and limits.

use super::{Denied, security};
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "exceeded quota: ",
        read: exceeded,
    },
    Anchor {
        words: "failed quota: ",
        read: wants,
    },
    Anchor {
        words: "status unknown for quota: ",
        read: unknown,
    },
    Anchor {
        words: " per Container is ",
        read: limit_range,
    },
    Anchor {
        words: " per Pod is ",
        read: limit_range,
    },
];

/// Source: `checkRequest` in `k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go` (1.16 to 1.36).
fn exceeded(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (quota, rest) = message.word();
    values.add(Key::Quota, quota);
    for (key, words, next) in [
        (Key::Requested, "requested: ", ", used: "),
        (Key::Used, "used: ", ", limited: "),
        (Key::Limited, "limited: ", " "),
    ] {
        if let Some(after) = rest.after(words) {
            values.add(key, after.until(next).trim());
        }
    }
    security::pod(head, &mut values);
    Some(values.into_reading(
        What::Denied(Denied::QuotaExceeded),
        head.at.start,
        message.end(),
    ))
}

fn wants(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (quota, rest) = message.word();
    values.add(Key::Quota, quota);
    if let Some(missing) = rest.after("must specify ") {
        values.add(Key::Missing, missing.trim());
        if let Some(of) = missing.after(" for: ") {
            values.add(
                Key::Container,
                of.take(|c| !c.is_whitespace() && c != ';').0,
            );
        }
    }
    security::pod(head, &mut values);
    Some(values.into_reading(
        What::Denied(Denied::QuotaWants),
        head.at.start,
        message.end(),
    ))
}

fn unknown(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    values.add(Key::Quota, head.message().word().0);
    Some(values.into_reading(
        What::Denied(Denied::QuotaUnknown),
        head.at.start,
        head.at.end,
    ))
}

/// Source: `plugin/pkg/admission/limitranger/admission.go` of Kubernetes (1.16 to 1.36): `minimum|maximum RESOURCE usage
/// per TYPE is QUANTITY`, `RESOURCE max limit to request ratio per TYPE is RATIO`.
fn limit_range(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let is_usage = before.text.ends_with(" usage");
    let is_ratio = before.text.ends_with(" max limit to request ratio");
    if !is_usage && !is_ratio {
        return None;
    }
    let words: Vec<&str> = before.text.rsplit(' ').take(6).collect();
    let resource = words.get(if is_usage { 1 } else { 5 })?;
    let at = before.text.rfind(resource)?;
    let (resource, _) = before.cut(at).1.word();
    values.add(Key::Resource, resource);
    let message = head.message();
    values.add(Key::Limited, message.word().0);
    if let Some(asked) = message.after("but ") {
        let asked = asked.until(", ");
        let is = asked.after(" is ").unwrap_or(asked);
        values.add(Key::Requested, is.word().0);
    }
    security::pod(head, &mut values);
    let (start, end) = (resource.at, message.end());
    Some(values.into_reading(What::Denied(Denied::LimitRange), start, end))
}
