//! The validation of the pod: `PATH: KIND: VALUE: REASON`. Source: `k8s.io/apimachinery/pkg/util/validation/field` and
//! `pkg/apis/core/validation/validation.go` of Kubernetes (1.16 to 1.36).

use super::{Denied, security};
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldError {
    /// A container that the API server takes for no sidecar has what only sidecars may have.
    NativeStripped,
    /// A field of a sidecar is not allowed on Windows.
    Windows,
    /// A volume that the sidecar needs is there twice, or is another.
    ReservedVolume,
    /// A mount path that the sidecar needs is there twice.
    ReservedMount,
    /// A container is there twice.
    DuplicateContainer,
    /// A volume or mount is there twice.
    DuplicateVolume,
    /// The name of a variable that the template writes.
    EnvironmentName,
    /// A label is too long.
    LabelTooLong,
    /// A request is above its limit.
    RequestAboveLimit,
    /// Something else.
    Other,
}

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: " is invalid: ",
        read: invalid,
    },
    Anchor {
        words: "forbidden: may not be set for",
        read: single,
    },
    Anchor {
        words: "forbidden: must not be set for",
        read: single,
    },
    Anchor {
        words: "unknown field \"spec.initContainers",
        read: single,
    },
    Anchor {
        words: "duplicate value: ",
        read: single,
    },
    Anchor {
        words: "duplicate container \"istio-",
        read: twice,
    },
    Anchor {
        words: "must be no more than 63 ",
        read: single,
    },
    Anchor {
        words: "for a windows pod",
        read: single,
    },
    Anchor {
        words: "may not specify more than 1 volume type",
        read: single,
    },
    Anchor {
        words: "must be less than or equal to cpu limit",
        read: single,
    },
    Anchor {
        words: "must be less than or equal to memory limit",
        read: single,
    },
];

/// Paths of fields begin with these.
const ROOTS: &[&str] = &["spec.", "metadata."];

/// How many errors of one pod are looked at.
const MOST: usize = 40;

/// `Pod "NAME" is invalid: ...`.
fn invalid(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before();
    let (at, words) = ["Pod \"", "pod \"", "Pod '"]
        .into_iter()
        .filter_map(|words| Some((before.text.rfind(words)?, words)))
        .max()?;
    let (_, named) = before.cut(at);
    let (name, rest) = named.cut(words.len() - 1).1.quoted()?;
    // The words are about this pod and no other object.
    if !rest.text.trim().is_empty() {
        return None;
    }
    let message = head.message();
    let (error, field) = errors(message)?;
    values.add(Key::Pod, name);
    add(field, error, &mut values);
    Some(values.into_reading(What::Denied(Denied::Field(error)), named.at, message.end()))
}

/// One error, which is given without the pod.
fn single(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let at = ROOTS
        .iter()
        .filter_map(|root| before.text.rfind(root))
        .max();
    let start = at.map_or(head.at.start, |at| before.at + at);
    let around = Part::of(head.text, start..head.message().end());
    let (error, field) = errors(around)?;
    if error == FieldError::Other {
        return None;
    }
    add(field, error, &mut values);
    security::pod(head, &mut values);
    Some(values.into_reading(What::Denied(Denied::Field(error)), field.at, around.end()))
}

/// `duplicate container "istio-proxy"`, as tools say it that look at a pod before the API server does.
fn twice(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let quote = head.words().text.find('"')?;
    let named = Part::of(head.text, head.at.start + quote..head.message().end());
    let (name, rest) = named.quoted()?;
    values.add(Key::Container, name);
    let what = What::Denied(Denied::Field(FieldError::DuplicateContainer));
    Some(values.into_reading(what, head.at.start, rest.at))
}

fn add(field: Part, error: FieldError, values: &mut Values) {
    let (path, whole) = field.split(": ").unwrap_or((field, field));
    values.add(Key::Field, path);
    let (_, rest) = whole.split(": ").unwrap_or((whole, whole));
    let mut reason = rest;
    if let Some((value, after)) = rest.quoted() {
        values.add(Key::Value, value);
        // Where nothing follows the value, the kind says what is wrong with it: `Not found: "x"`.
        if after.trim_end_of(&[']', ' ', ',']).text.is_empty() {
            reason = whole;
        }
    }
    if error != FieldError::DuplicateContainer {
        values.add(Key::Reason, reason.trim_end_of(&[']', ' ', ',']));
    }
}

/// The most telling error of a list, and its text.
fn errors(message: Part) -> Option<(FieldError, Part)> {
    let mut best: Option<(FieldError, Part)> = None;
    let mut rest = message;
    for _ in 0..MOST {
        let start = ROOTS.iter().filter_map(|root| rest.text.find(root)).min();
        let Some(start) = start else { break };
        let (_, item) = rest.cut(start);
        let next = ROOTS
            .iter()
            .filter_map(|root| item.cut(1).1.text.find(&format!(", {root}")))
            .min();
        let (item, after) = item.cut(next.map_or(item.text.len(), |at| at + 1));
        rest = after;
        let Some(error) = error(item) else { continue };
        if best.is_none_or(|(one, _)| error < one) {
            best = Some((error, item));
        }
    }
    best
}

/// What is wrong, by path and words.
fn error(item: Part) -> Option<FieldError> {
    let (path, reason) = item.split(": ").or_else(|| item.split("\""))?;
    let path = path.text;
    if path.contains(' ') || path.len() > 200 {
        return None;
    }
    let in_init = path.contains("nitContainers");
    let is_name = path.ends_with(".name");
    let quoted = reason.next_quoted().map_or("", |(name, _)| name.text);
    let duplicate = reason.has("duplicate value");
    let for_init = reason.has("may not be set for init containers")
        || reason.has("must not be set for init containers");
    Some(match () {
        () if in_init && for_init => FieldError::NativeStripped,
        () if path.ends_with("restartPolicy") && path.contains("ontainers[") => {
            FieldError::NativeStripped
        }
        () if reason.has("for a windows pod") || reason.has("when spec.os.name is windows") => {
            FieldError::Windows
        }
        () if duplicate && path.contains("volumes[") && is_name && is_reserved(quoted) => {
            FieldError::ReservedVolume
        }
        () if reason.has("more than 1 volume type") => FieldError::ReservedVolume,
        () if path.contains("mountPath") && is_reserved_path(quoted) => FieldError::ReservedMount,
        () if duplicate
            && path.contains("ontainers[")
            && is_name
            && !path.contains(".ports[")
            && !path.contains(".env[") =>
        {
            FieldError::DuplicateContainer
        }
        () if duplicate && (path.contains("volumes[") || path.contains("volumeMounts[")) => {
            FieldError::DuplicateVolume
        }
        () if path.contains("mountPath") && reason.has("must be unique") => {
            FieldError::DuplicateVolume
        }
        () if path.contains(".env[") && quoted.starts_with("ISTIO_") => FieldError::EnvironmentName,
        () if path.starts_with("metadata.labels") && reason.has("no more than 63") => {
            FieldError::LabelTooLong
        }
        () if path.contains("resources.requests") && reason.has("less than or equal to") => {
            FieldError::RequestAboveLimit
        }
        () => FieldError::Other,
    })
}

/// Volumes that the sidecar brings. Source: `files/injection-template.yaml` of Istio (1.31).
pub const RESERVED_VOLUMES: &[&str] = &[
    "istio-envoy",
    "istio-data",
    "istio-podinfo",
    "istio-token",
    "istiod-ca-cert",
    "istio-ca-crl",
    "workload-socket",
    "credential-socket",
    "workload-certs",
    "istio-certs",
];

fn is_reserved(volume: &str) -> bool {
    RESERVED_VOLUMES.contains(&volume)
}

fn is_reserved_path(path: &str) -> bool {
    const RESERVED: &[&str] = &[
        "/etc/istio",
        "/var/run/secrets/istio",
        "/var/run/secrets/tokens",
        "/var/lib/istio",
        "/var/run/secrets/workload-spiffe",
        "/var/run/secrets/credential-uds",
        "/etc/certs",
    ];
    RESERVED.iter().any(|begin| path.starts_with(begin))
}
