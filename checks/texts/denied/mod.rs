//! Refusals by admission: by istiod, by policies, by limits, and by the validation of the pod.

mod admission;
mod capacity;
mod field;
mod injector;
mod security;
mod webhook;

use super::head::Anchor;
pub use field::{FieldError, RESERVED_VOLUMES};
pub use injector::Refusal;

/// Who refuses, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denied {
    /// istiod.
    Injector(Refusal),
    /// istiod, in words that are not known.
    InjectorOtherwise,
    /// Another webhook, because of the sidecar.
    WebhookBecauseOfSidecar,
    /// Another webhook.
    Webhook {
        /// Pods are refused.
        of_pods: bool,
    },
    /// A webhook whose dry run is asked for.
    DryRun,
    /// A ValidatingAdmissionPolicy.
    Policy {
        /// The sidecar is what it does not like.
        because_of_sidecar: bool,
    },
    /// GKE Autopilot.
    Autopilot,
    /// Pod Security.
    PodSecurity {
        /// A container of Istio is what violates.
        because_of_sidecar: bool,
        /// A container with which `kubectl debug` would capture is.
        because_of_capture: bool,
    },
    /// A PodSecurityPolicy.
    PodSecurityPolicy,
    /// The admission plugin that denies users and capabilities of containers.
    SecurityContextDeny,
    /// The security context constraints of OpenShift.
    SecurityContextConstraints,
    /// A quota is exceeded.
    QuotaExceeded,
    /// A quota wants requests or limits that are not there.
    QuotaWants,
    /// The use of a quota is not known yet.
    QuotaUnknown,
    /// The pod is larger than the API server can store.
    TooLarge,
    /// A LimitRange.
    LimitRange,
    /// The ServiceAccount is not there.
    ServiceAccount,
    /// The namespace is being deleted.
    Terminating,
    /// The match condition of a webhook cannot be evaluated.
    MatchCondition,
    /// The pod is invalid.
    Field(FieldError),
    /// The pods have istio-init although the CNI plugin is there.
    InitBesideCni,
}

/// Where the grammars of refusals begin, of the most telling first.
pub(super) const DENIALS: &[&[Anchor]] = &[
    security::ANCHORS,
    webhook::ANCHORS,
    injector::ANCHORS,
    capacity::ANCHORS,
    admission::ANCHORS,
    field::ANCHORS,
];

/// Whether a text names a container, image, user or capability that only the sidecar brings.
pub(super) fn names_sidecar(part: super::words::Part) -> bool {
    const SIGNS: &[&str] = &[
        "istio-proxy",
        "istio-init",
        "istio-validation",
        "net_admin",
        "net_raw",
        "proxyv2",
        "istio/",
        "sidecar.istio",
        "1337",
        "istio-envoy",
        "istiod-ca",
        "istio-token",
        "istio-data",
    ];
    SIGNS.iter().any(|sign| part.has(sign))
}
