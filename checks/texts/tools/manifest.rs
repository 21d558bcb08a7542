//! Manifests in which true or false stands without quotes. Source: Go's `encoding/json`, `json-iterator`,
//! `k8s.io/kube-openapi/pkg/util/proto/validation`, `sigs.k8s.io/structured-merge-diff`.

use super::Tool;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "cannot unmarshal bool into go",
        read: boolean,
    },
    Anchor {
        words: "got \"boolean\", expected \"string\"",
        read: boolean,
    },
    Anchor {
        words: "unstructured{value:true}",
        read: boolean,
    },
    Anchor {
        words: "unstructured{value:false}",
        read: boolean,
    },
    Anchor {
        words: "expects \" or n, but found t",
        read: boolean,
    },
    Anchor {
        words: "expects \" or n, but found f",
        read: boolean,
    },
];

fn boolean(head: &Head) -> Option<Reading> {
    const FIELDS: &[&str] = &["labels", "annotations", "objectmeta", "inject"];
    let mut values = Values::default();
    let around = head.around();
    if !FIELDS.iter().any(|field| around.has(field)) {
        return None;
    }
    if let Some(field) = head.message().after("struct field ") {
        values.add(Key::Field, field.word().0);
    } else if let Some(at) = head
        .before_in_message()
        .text
        .find("sidecar.istio.io/inject")
    {
        values.add(
            Key::Field,
            head.before_in_message()
                .cut(at)
                .1
                .cut("sidecar.istio.io/inject".len())
                .0,
        );
    }
    Some(values.into_reading(
        What::Tool(Tool::Boolean),
        head.at.start,
        head.message().end(),
    ))
}
