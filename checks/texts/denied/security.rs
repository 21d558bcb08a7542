//! Refusals because of rights: Pod Security, PodSecurityPolicy, OpenShift, Autopilot.

use super::{Denied, names_sidecar};
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: " is forbidden: securitycontext.",
        read: context_deny,
    },
    Anchor {
        words: " is forbidden: pod.spec.securitycontext.",
        read: context_deny,
    },
    Anchor {
        words: "violates podsecurity",
        read: pod_security,
    },
    Anchor {
        words: "violated podsecurity",
        read: pod_security,
    },
    Anchor {
        words: "would violate podsecurity",
        read: pod_security,
    },
    Anchor {
        words: "unable to validate against any pod security policy",
        read: policy,
    },
    Anchor {
        words: "podsecuritypolicy: unable to admit pod",
        read: policy,
    },
    Anchor {
        words: "unable to validate against any security context constraint",
        read: constraints,
    },
    Anchor {
        words: "autogke-",
        read: autopilot,
    },
    Anchor {
        words: "' on container '",
        read: capability,
    },
    Anchor {
        words: "excluded due to being already injected with istio-init",
        read: beside_cni,
    },
];

/// Source: `k8s.io/pod-security-admission/admission/admission.go` (1.22 to 1.36).
fn pod_security(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    if let Some((level, _)) = message.quoted() {
        values.add(Key::Level, level);
    }
    let because_of_sidecar = names_sidecar(message);
    containers(message, &mut values);
    if let Some((_, violations)) = message.split(": ") {
        values.add(Key::Reason, violations.trim());
    }
    pod(head, &mut values);
    let denied = Denied::PodSecurity {
        because_of_sidecar,
        because_of_capture: is_of_capture(head),
    };
    Some(values.into_reading(What::Denied(denied), head.at.start, message.end()))
}

/// Whether a container of `kubectl debug` is refused what the profile netadmin gives it, and not what others give.
/// Source: `computeDebugContainerName`, `generateNodeDebugPod` and the profiles in `pkg/cmd/debug` of kubectl (1.27 to 1.36).
fn is_of_capture(head: &Head) -> bool {
    const SUFFIX: usize = 5;
    let message = head.message();
    let is_named = message.after("debugger-").is_some_and(|rest| {
        let (suffix, _) = rest.take(|c| c.is_ascii_alphanumeric() || c == '-');
        suffix.text.len() == SUFFIX
    });
    (is_named || head.before().has("node-debugger-"))
        && message.has("net_raw")
        && !message.has("sys_ptrace")
}

/// The container of Istio that is named, or else the first.
fn containers(message: Part, values: &mut Values) {
    let mut rest = message;
    let mut first = None;
    while let Some(after) = rest.after("container") {
        rest = after;
        let after = after.strip("s").unwrap_or(after);
        if let Some((name, _)) = after.quoted() {
            if name.text.starts_with("istio-") {
                return values.add(Key::Container, name);
            }
            first = first.or(Some(name));
        }
    }
    if let Some(first) = first {
        values.add(Key::Container, first);
    }
}

/// The pod of `pods "NAME" is forbidden`.
pub(super) fn pod(head: &Head, values: &mut Values) {
    let before = head.before();
    if let Some(at) = before.text.rfind("pods \"")
        && let Some((name, _)) = before.cut(at).1.after("pods ").and_then(Part::quoted)
    {
        values.add(Key::Pod, name);
    }
}

fn policy(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    values.add(Key::Reason, message.strip(":").unwrap_or(message).trim());
    pod(head, &mut values);
    Some(values.into_reading(
        What::Denied(Denied::PodSecurityPolicy),
        head.at.start,
        message.end(),
    ))
}

/// Source: `plugin/pkg/admission/securitycontext/scdeny/admission.go` of Kubernetes (up to 1.29).
fn context_deny(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let field = head.message().word().0;
    values.add(Key::Field, field);
    pod(head, &mut values);
    let what = What::Denied(Denied::SecurityContextDeny);
    Some(values.into_reading(what, head.at.start, field.end()))
}

fn constraints(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    // It names no containers, but what they ask for.
    if !names_sidecar(message) && !head.surroundings.mesh {
        return None;
    }
    values.add(Key::Reason, message.strip(":").unwrap_or(message).trim());
    pod(head, &mut values);
    let what = What::Denied(Denied::SecurityContextConstraints);
    Some(values.into_reading(what, head.at.start, message.end()))
}

fn autopilot(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    if !asks_for_sidecar(head.around()) {
        return None;
    }
    values.add(
        Key::Policy,
        Part::of(head.text, head.at.start..message.word().0.end()),
    );
    let (_, end) = (values.has(Key::Policy), message.end());
    Some(values.into_reading(What::Denied(Denied::Autopilot), head.at.start, end))
}

/// Whether Autopilot refuses what the sidecar or its network plugin asks for: others ask for the same capabilities.
pub(super) fn asks_for_sidecar(refusal: Part) -> bool {
    match refusal.after(" on container ") {
        Some(rest) => {
            let (container, _) = rest.name();
            names_sidecar(container) || container.has("install-cni")
        }
        None => names_sidecar(refusal),
    }
}

/// `linux capability 'NAME' on container 'NAME' not allowed`, without the webhook of Autopilot that says so.
fn capability(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (container, rest) = head.message().split("'")?;
    rest.strip("not allowed")?;
    values.add(Key::Container, container);
    names_sidecar(container).then(|| {
        values.into_reading(
            What::Denied(Denied::Autopilot),
            head.at.start,
            rest.at + " not allowed".len(),
        )
    })
}

/// Source: `cni/pkg/plugin/plugin.go` of Istio.
fn beside_cni(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    if let Some(pod) = head.rest().after("pod=") {
        values.add(Key::Pod, pod.word().0);
    }
    Some(values.into_reading(
        What::Denied(Denied::InitBesideCni),
        head.at.start,
        head.at.end,
    ))
}
