//! Refusals because of quotas and limits.

use super::{Denied, security};
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

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
        words: "etcdserver: request is too large",
        read: too_large,
    },
    Anchor {
        words: "trying to send message larger than max",
        read: too_large,
    },
    Anchor {
        words: "metadata.annotations: too long: ",
        read: too_large,
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
    if is_of_others(head) {
        return None;
    }
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

/// What etcd and the client of it refuse, and annotations of more than 256 KiB. Source: `etcd/api/v3rpc/rpctypes/error.go`
/// of etcd, and `ValidateAnnotationsSize` in `k8s.io/apimachinery/pkg/api/validation/objectmeta.go` (1.16 to 1.36).
fn too_large(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    // Controllers say so of pods; who creates another object names its file or its kind.
    const OF_PODS: &[&str] = &["error creating: ", "pod \"", "pods \"", "create pod "];
    if !OF_PODS.iter().any(|sign| before.has(sign)) {
        return None;
    }
    let message = head.message();
    values.add(
        Key::Reason,
        Part::of(head.text, head.at.start..message.end()),
    );
    let what = What::Denied(Denied::TooLarge);
    // The grammar of invalid fields begins there.
    let invalid = before.text.rfind(" is invalid: ");
    let start = invalid.map_or(head.at.start, |at| before.at + at);
    Some(values.into_reading(what, start, message.end()))
}

/// Whether it is another kind of object that is refused: `configmaps "NAME" is forbidden: `.
fn is_of_others(head: &Head) -> bool {
    let before = head.before_in_message();
    let named = before
        .text
        .rsplit_once("\" is forbidden")
        .and_then(|(named, _)| named.rsplit_once('"'));
    let kind = named.map(|(kind, _)| kind.trim_end());
    kind.is_some_and(|kind| {
        let kind = kind.rsplit(' ').next().unwrap_or(kind);
        !kind.is_empty() && !super::super::words::has(kind, "pod")
    })
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
    let (_, resource) = before.cut(before.text.rfind(resource)?);
    values.add(Key::Resource, resource.word().0);
    // `minimum` or `maximum`, where the words are about a usage.
    let start = match words.get(2).filter(|_| is_usage) {
        Some(bound) => before.at + before.text.rfind(bound)?,
        None => resource.at,
    };
    let message = head.message();
    let (limited, rest) = message.word();
    values.add(Key::Limited, limited);
    let asked = rest.strip(",").and_then(|rest| rest.strip("but"));
    let asked = asked
        .and_then(|asked| asked.after(" is "))
        .map(|asked| asked.word().0);
    if let Some(asked) = asked {
        values.add(Key::Requested, asked);
    }
    let end = asked.unwrap_or(limited).end();
    values.add(Key::Reason, Part::of(head.text, start..end));
    security::pod(head, &mut values);
    let end = message.end();
    Some(values.into_reading(What::Denied(Denied::LimitRange), start, end))
}
