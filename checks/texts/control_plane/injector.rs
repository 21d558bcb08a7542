//! What istiod logs of its injector. Source: `pkg/kube/inject/{inject,webhook,watcher}.go` and
//! `pilot/pkg/bootstrap/sidecarinjector.go` of Istio (1.0 to 1.31).

use super::ControlPlane;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "skipping sidecar injector, template not found",
        read: none,
    },
    Anchor {
        words: "illegal value for autoinject",
        read: policy,
    },
    Anchor {
        words: "only 'true' and 'false' are accepted",
        read: value,
    },
    Anchor {
        words: "due to policy check",
        read: skipped,
    },
    Anchor {
        words: "failed to unmarshal injection template",
        read: unparsable,
    },
    Anchor {
        words: "failed to parse injection config",
        read: unparsable,
    },
    Anchor {
        words: "failed to parse injection template",
        read: unparsable,
    },
    Anchor {
        words: "injection config is invalid",
        read: unparsable,
    },
    Anchor {
        words: "from configmap: no configmap found",
        read: no_configuration,
    },
    Anchor {
        words: "failed to read injection config from configmap",
        read: unparsable,
    },
    Anchor {
        words: "failed to parse injectfile",
        read: unparsable,
    },
    Anchor {
        words: "update error: ",
        read: update,
    },
    Anchor {
        words: "could not parse configuration values",
        read: values,
    },
    Anchor {
        words: "missing configuration map key ",
        read: missing,
    },
];

fn none(head: &Head) -> Option<Reading> {
    let values = Values::default();
    Some(values.into_reading(
        What::ControlPlane(ControlPlane::NoInjector),
        head.at.start,
        head.at.end,
    ))
}

fn no_configuration(head: &Head) -> Option<Reading> {
    let values = Values::default();
    let what = What::ControlPlane(ControlPlane::NoConfiguration);
    let is_injector = head.before_in_message().has("injection config");
    is_injector.then(|| values.into_reading(what, head.at.start, head.at.end))
}

/// The new configuration is left aside, and the old one goes on.
fn unparsable(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    if message.has("no configmap found") {
        return None;
    }
    values.add(Key::Reason, message.strip(":").unwrap_or(message).trim());
    let what = ControlPlane::ConfigurationUnparsable;
    Some(values.into_reading(What::ControlPlane(what), head.at.start, message.end()))
}

/// `error update error: ...` of the watcher of the injector's ConfigMap, whose own words are no more than that.
fn update(head: &Head) -> Option<Reading> {
    let before = head.before_in_message();
    let begins = before.text.trim_end().ends_with("error") || before.text.trim().is_empty();
    let message = head.message();
    let of_configuration = ["yaml", "json", "template", "values"];
    let is_meant = begins && of_configuration.iter().any(|sign| message.has(sign));
    is_meant.then(|| unparsable(head))?
}

/// Source: `newValuesConfig` in `pkg/kube/inject/webhook.go`.
fn values(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    values.add(Key::Reason, message.strip(":")?.trim());
    let what = ControlPlane::ValuesUnparsable;
    Some(values.into_reading(What::ControlPlane(what), head.at.start, message.end()))
}

/// `missing configuration map key "values" in "istio-sidecar-injector"`: istioctl reads the ConfigMap of the injector.
/// Source: `istioctl/pkg/kubeinject/kubeinject.go`.
fn missing(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (key, rest) = head.message().name();
    let (_, named) = rest.split("in ")?;
    let (name, after) = named.name();
    values.add(Key::Missing, key);
    values.add(Key::Object, name);
    let what = ControlPlane::ValuesUnparsable;
    name.has("injector")
        .then(|| values.into_reading(What::ControlPlane(what), head.at.start, after.at))
}

fn policy(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let value = message.strip(":").unwrap_or(message).until(",");
    values.add(Key::Value, value.trim());
    Some(values.into_reading(
        What::ControlPlane(ControlPlane::PolicyIllegal),
        head.at.start,
        message.end(),
    ))
}

fn value(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let (_, named) = before.split("nvalid value for ")?;
    let (field, rest) = named.word();
    values.add(Key::Field, field);
    if let Some((value, _)) = rest.strip(":").and_then(|rest| rest.quoted()) {
        values.add(Key::Value, value);
    }
    Some(values.into_reading(
        What::ControlPlane(ControlPlane::InjectValue),
        field.at,
        head.at.end,
    ))
}

/// `Skipping NAMESPACE/NAME due to policy check`, `Skipping due to policy check pod=NAMESPACE/NAME`.
fn skipped(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let (_, after) = before.split("kipping")?;
    let pod = match head.rest().after("pod=") {
        Some(pod) => pod.word().0,
        None => after.word().0,
    };
    values.add(Key::Pod, pod);
    let of_deployment = is_of_deployment(pod.text);
    let what = ControlPlane::Skipped { of_deployment };
    Some(values.into_reading(What::ControlPlane(what), after.at, head.at.end))
}

/// Whether a pod's name has the hash of a ReplicaSet before its own ending. Pods of DaemonSets have none, and they are
/// the ones with the host's network. Source: `SafeEncodeString` in `k8s.io/apimachinery/pkg/util/rand/rand.go`.
fn is_of_deployment(pod: &str) -> bool {
    let name = pod.rsplit('/').next().unwrap_or(pod);
    let mut parts = name.rsplit('-').skip(1);
    let is_hash = |part: &str| {
        matches!(part.len(), 8..=10)
            && part
                .chars()
                .all(|c| c.is_ascii_digit() || c.is_ascii_lowercase() && !"aeiou".contains(c))
    };
    parts.next().is_some_and(is_hash)
}
