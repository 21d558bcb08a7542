//! Messages of `istioctl analyze` and `istioctl x check-inject`. Source: `pkg/config/analysis/msg/messages.yaml` and
//! `istioctl/pkg/checkinject/checkinject.go` of Istio (1.4 to 1.31).

use super::Tool;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

/// A message about injection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A namespace has no label.
    NamespaceNotInjected,
    /// A namespace of Istio itself has no label, as it has to be.
    IstioNotInjected,
    /// A pod has no sidecar.
    PodMissingProxy,
    /// An annotation stands where it has no effect.
    MisplacedAnnotation,
    /// An annotation that Istio does not know.
    UnknownAnnotation,
    /// A namespace has labels of two kinds.
    LabelsConflict,
    /// The value of an annotation.
    InvalidAnnotation,
    /// Two webhooks inject.
    Overlap,
    /// A webhook calls a Service that is not there.
    NoService,
    /// The application runs as the sidecar's user.
    ApplicationUser,
    /// The placeholder for an image is not replaced.
    ImageAuto,
    /// All namespaces are injected.
    EnabledByDefault,
    /// The proxy is of another version.
    ImageMismatch,
    /// The URL of an external control plane.
    ExternalUrl,
    /// The namespace says no.
    NamespaceOptedOut,
    /// The pod says no.
    PodOptedOut,
    /// No revision of that name.
    RevisionUnknown,
}

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "[ist0",
        read: code,
    },
    Anchor {
        words: "multiple webhooks will inject",
        read: overlap,
    },
    Anchor {
        words: "more than one type of injection labels",
        read: labels,
    },
    Anchor {
        words: "is missing the istio proxy",
        read: missing,
    },
    Anchor {
        words: "the namespace is not enabled for istio injection",
        read: not_enabled,
    },
    Anchor {
        words: "webhook overlaps with others",
        read: overlap,
    },
    Anchor {
        words: "no matching namespace labels",
        read: no_labels,
    },
    Anchor {
        words: "label, preventing injection",
        read: prevented,
    },
];

/// Codes, and what they tell about injection.
const CODES: &[(&str, Message)] = &[
    ("0102", Message::NamespaceNotInjected),
    ("0103", Message::PodMissingProxy),
    // Up to 1.14; one message for a whole namespace since.
    ("0105", Message::ImageMismatch),
    ("0107", Message::MisplacedAnnotation),
    ("0108", Message::UnknownAnnotation),
    ("0123", Message::LabelsConflict),
    ("0125", Message::InvalidAnnotation),
    ("0139", Message::Overlap),
    ("0144", Message::ApplicationUser),
    ("0146", Message::ImageAuto),
    ("0147", Message::ImageAuto),
    ("0148", Message::EnabledByDefault),
    ("0158", Message::ImageMismatch),
    ("0163", Message::ExternalUrl),
    ("0164", Message::ExternalUrl),
];

fn reading(head: &Head, values: Values, message: Message) -> Option<Reading> {
    let end = head.message().end();
    Some(values.into_reading(What::Tool(Tool::Istioctl(message)), head.at.start, end))
}

/// `Warning [IST0103] (Pod NAME.NAMESPACE) ...`.
fn code(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let rest = head.message();
    let (digits, rest) = rest.take(|c| c.is_ascii_digit());
    let code = format!("0{}", digits.text);
    values.add(
        Key::Code,
        Part::of(head.text, head.at.start + 1..digits.end()),
    );
    if let Some((object, _)) = rest.after("(").and_then(|rest| rest.split(")")) {
        let (kind, name) = object.word();
        values.add(Key::Kind, kind);
        values.add(Key::Object, name.trim());
    }
    let (_, message) = CODES.iter().find(|(one, _)| *one == code)?;
    let message = match message {
        Message::Overlap if rest.has("does not exist") => Message::NoService,
        Message::NamespaceNotInjected if rest.has("namespace istio-system)") => {
            Message::IstioNotInjected
        }
        other => *other,
    };
    reading(head, values, message)
}

fn overlap(head: &Head) -> Option<Reading> {
    reading(head, Values::default(), Message::Overlap)
}

fn labels(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    values.add(Key::Labels, message.until(", which").trim());
    reading(head, values, Message::LabelsConflict)
}

fn missing(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    if let Some(pod) = before
        .text
        .rfind("pod ")
        .and_then(|at| before.cut(at).1.after("pod "))
    {
        values.add(Key::Pod, pod.word().0);
    }
    reading(head, values, Message::PodMissingProxy)
}

fn not_enabled(head: &Head) -> Option<Reading> {
    reading(head, Values::default(), Message::NamespaceNotInjected)
}

fn no_labels(head: &Head) -> Option<Reading> {
    reading(head, Values::default(), Message::NamespaceNotInjected)
}

/// `Namespace has istio-injection=disabled label, preventing injection`.
fn prevented(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let (_, label) = before.split(" has ")?;
    values.add(Key::Labels, label.word().0);
    let message = match () {
        () if label.has("istio.io/rev") => Message::RevisionUnknown,
        () if label.has("istio-injection") => Message::NamespaceOptedOut,
        () if label.has("sidecar.istio.io/inject") => Message::PodOptedOut,
        () => return None,
    };
    reading(head, values, message)
}
