//! istiod's own refusals. Source: `pkg/kube/inject/{inject,webhook,validate}.go` of Istio (1.0 to 1.31), and Go's
//! `text/template`.

use super::Denied;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

/// Why istiod does not inject the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A template is asked for that there is not.
    TemplateNotFound,
    /// The value of an annotation.
    Annotation,
    /// An annotation for volumes that is no JSON list.
    AnnotationVolumes,
    /// The template was written for another version.
    TemplateVersion,
    /// The values of the injector's ConfigMap.
    Values,
    /// The template cannot be rendered.
    Template,
    /// What the template renders is no YAML.
    Yaml,
    /// The overrides of the pod.
    Overrides,
    /// The ports of Prometheus.
    Prometheus,
    /// The pod is too large.
    TooLarge,
}

/// Where they begin when they are given without the API server's words.
pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "failed to run injection template",
        read: bare,
    },
    Anchor {
        words: "pod injection failed",
        read: bare,
    },
    Anchor {
        words: "invalid template: template: ",
        read: bare,
    },
    Anchor {
        words: "failed to parse template: template: ",
        read: bare,
    },
    Anchor {
        words: "failed to unmarshall template",
        read: bare,
    },
    Anchor {
        words: "requested template ",
        read: bare,
    },
    Anchor {
        words: " for annotation ",
        read: annotation,
    },
    Anchor {
        words: "template_version_and_istio",
        read: unknown_function,
    },
    Anchor {
        words: "failed to parse values.yaml",
        read: bare,
    },
    Anchor {
        words: "failed parsing generated injected yaml",
        read: bare,
    },
    Anchor {
        words: "failed to re apply container",
        read: bare,
    },
    Anchor {
        words: "invalid prometheus scrape",
        read: bare,
    },
];

fn bare(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let part = Part::of(head.text, head.at.start..head.message().end());
    let refusal = refusal(part, &mut values)?;
    Some(values.into_reading(
        What::Denied(Denied::Injector(refusal)),
        head.at.start,
        part.end(),
    ))
}

/// The stock templates call the function, and istiod logs them as a whole where they do not parse: it is no error there.
fn unknown_function(head: &Head) -> Option<Reading> {
    let before = head.before_in_message();
    let called = before.text.trim_end_matches(['"', '\'', '`', '\\', ' ']);
    called.ends_with("function").then(|| bare(head))?
}

fn annotation(head: &Head) -> Option<Reading> {
    let before = head.before_in_message();
    let at = before.text.rfind("nvalid value ")?;
    let part = Part::of(head.text, before.at + at..head.message().end());
    let mut values = Values::default();
    let refusal = refusal(part, &mut values)?;
    let named = values.text(Key::Field, head.text)?;
    // Annotations of others are refused in such words too.
    let is_istio =
        named.contains("istio") || named.starts_with('%') || named.starts_with("prometheus");
    is_istio
        .then(|| values.into_reading(What::Denied(Denied::Injector(refusal)), part.at, part.end()))
}

/// The refusal that a message tells.
pub(super) fn refusal(message: Part, values: &mut Values) -> Option<Refusal> {
    if let Some(after) = message.after("requested template ") {
        let (name, rest) = after.name();
        if rest.has("not found") {
            values.add(Key::Template, name);
            if let Some(have) = rest.after("have ") {
                values.add(Key::Available, have.trim());
            }
            return Some(Refusal::TemplateNotFound);
        }
    }
    if let Some((before, after)) = message.split(" for annotation ")
        && let Some(at) = before.text.rfind("nvalid value ")
    {
        let value = before.cut(at).1.after("value ")?;
        values.add(Key::Value, value.quoted().map_or(value, |(value, _)| value));
        let (field, rest) = after.name();
        values.add(Key::Field, field);
        values.add(Key::Reason, rest.strip(":").unwrap_or(rest).trim());
        return Some(Refusal::Annotation);
    }
    if message.has("template_version_and_istio") {
        return Some(Refusal::TemplateVersion);
    }
    if let Some(after) = message.after("function ")
        && let Some((name, rest)) = after.quoted()
        && rest.has("not defined")
    {
        values.add(Key::Function, name);
        return Some(Refusal::TemplateVersion);
    }
    if let Some(after) = message.after("can't evaluate field ") {
        values.add(Key::Function, after.word().0);
        return Some(Refusal::TemplateVersion);
    }
    let marks: &[(&str, Refusal)] = &[
        ("failed to parse values", Refusal::Values),
        // Only annotations are judged several at once.
        ("errors occurred", Refusal::Annotation),
        ("error occurred", Refusal::Annotation),
        ("prometheus", Refusal::Prometheus),
        ("failed to re apply container", Refusal::Overrides),
        ("proxy.istio.io/overrides", Refusal::Overrides),
        ("range can't iterate over", Refusal::AnnotationVolumes),
        ("failed parsing generated injected yaml", Refusal::Yaml),
        ("converting yaml to json", Refusal::Yaml),
        ("yaml: line ", Refusal::Yaml),
        ("error unmarshaling json", Refusal::Yaml),
        ("too large", Refusal::TooLarge),
        ("limit is ", Refusal::TooLarge),
        ("nil pointer evaluating", Refusal::Template),
        ("error calling", Refusal::Template),
        ("map has no entry", Refusal::Template),
        ("executing ", Refusal::Template),
        ("template: ", Refusal::Template),
        ("wrong type for value", Refusal::Template),
        ("unmarshal", Refusal::Yaml),
        ("failed to run injection template", Refusal::Template),
    ];
    let (_, refusal) = marks.iter().find(|(mark, _)| message.has(mark))?;
    Some(*refusal)
}
