//! Refusals by policies of the API server, by the ServiceAccount and by the namespace.

use super::{Denied, names_sidecar};
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "validatingadmissionpolicy '",
        read: policy,
    },
    Anchor {
        words: "error looking up service account",
        read: account,
    },
    Anchor {
        words: "no api token found for service account",
        read: account,
    },
    Anchor {
        words: "because it is being terminated",
        read: terminating,
    },
    Anchor {
        words: "failed evaluating match conditions",
        read: match_condition,
    },
    Anchor {
        words: "' resulted in error: ",
        read: match_condition,
    },
];

/// Source: `k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go` (1.26 to 1.36).
fn policy(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (name, rest) = message.split("'")?;
    values.add(Key::Policy, name);
    if let Some((binding, _)) = rest.after("binding ").and_then(Part::quoted) {
        values.add(Key::Binding, binding);
    }
    let reason = rest.after("denied request: ")?;
    values.add(Key::Reason, reason.trim());
    let denied = Denied::Policy {
        because_of_sidecar: names_sidecar(reason),
    };
    Some(values.into_reading(What::Denied(denied), head.at.start, message.end()))
}

/// Source: `plugin/pkg/admission/serviceaccount/admission.go` of Kubernetes (1.16 to 1.36).
fn account(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (name, rest) = head.message().name();
    let (namespace, account) = name
        .split("/")
        .map_or((None, name), |(one, two)| (Some(one), two));
    if let Some(namespace) = namespace {
        values.add(Key::Namespace, namespace);
    }
    values.add(Key::Account, account);
    Some(values.into_reading(What::Denied(Denied::ServiceAccount), head.at.start, rest.at))
}

/// Source: `k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go` (1.16 to 1.36).
fn terminating(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before();
    let at = before.text.rfind("namespace ")?;
    values.add(
        Key::Namespace,
        before.cut(at).1.after("namespace ")?.word().0,
    );
    Some(values.into_reading(
        What::Denied(Denied::Terminating),
        head.at.start,
        head.at.end,
    ))
}

/// Source: `ShouldCallHook` in `k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go`: a refusal whose reason
/// is the error of the expression.
fn match_condition(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before();
    let of_log = head.words().has("match conditions");
    let of_pods = before.has("pods \"") || before.has("is forbidden");
    if !of_log && !of_pods || before.has("validatingadmissionpolicy") {
        return None;
    }
    values.add(Key::Reason, head.message().trim());
    Some(values.into_reading(
        What::Denied(Denied::MatchCondition),
        head.at.start,
        head.message().end(),
    ))
}
