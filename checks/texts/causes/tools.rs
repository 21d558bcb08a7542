//! The causes of what tools say.

use super::Causes;
use crate::texts::{Message, Tool};

pub(super) fn causes(tool: Tool) -> Causes {
    match tool {
        Tool::Istioctl(message) => of_message(message),
        Tool::Conflict { of_platform: true } => Causes::certain(
            "webhook-selectors-platform",
            "the platform's own manager holds the webhook's selectors",
        ),
        Tool::Conflict { of_platform: false } => Causes::likely(
            "ca-bundle-fought-over",
            "another manager holds fields of the webhook",
        ),
        Tool::NotOwned { validating: true } => Causes::possible(
            "validating-webhook-stale",
            "the validating webhook is of an installation that Helm did not make",
        ),
        // What an older installation left injects as well, once the new one is there.
        Tool::NotOwned { validating: false } => Causes::possible(
            "injected-twice",
            "the webhook is of an installation that Helm did not make; with the new one there are two",
        ),
        Tool::Boolean => Causes::certain(
            "inject-value-unquoted",
            "labels and annotations are strings: true and false need quotes",
        ),
        Tool::NeverAcknowledged => Causes::possible(
            "proxy-rejected-config",
            "the sidecar did not take what istiod sent: Envoy rejects it mostly",
        )
        .or(
            "proxy-cannot-reach-istiod",
            "the connection to istiod may be dead",
        ),
        Tool::JobGoesOn => Causes::likely(
            "job-never-completes",
            "one of two containers goes on in a pod whose work is done",
        ),
    }
}

fn of_message(message: Message) -> Causes {
    match message {
        Message::NamespaceNotInjected => Causes::likely(
            "namespace-not-labelled",
            "the namespace has no label for injection",
        ),
        Message::IstioNotInjected => Causes::possible(
            "namespace-not-labelled",
            "Istio's own namespace needs no label, and should have none",
        ),
        Message::PodMissingProxy => Causes::likely(
            "pod-predates-injection",
            "the namespace is labelled, and the pod has no sidecar: it may be older than the label",
        )
        .or(
            "webhook-selectors-changed",
            "where new pods have none either, the webhook does not select them",
        ),
        Message::MisplacedAnnotation => Causes::likely(
            "label-on-workload",
            "the annotation stands where it has no effect",
        )
        .or(
            "pod-label-misspelt",
            "its name may be meant for another object",
        ),
        Message::UnknownAnnotation => {
            Causes::likely("pod-label-misspelt", "Istio does not know the annotation")
        }
        Message::LabelsConflict => Causes::certain(
            "namespace-labels-conflict",
            "the namespace has labels of two kinds",
        ),
        Message::InvalidAnnotation => Causes::certain(
            "annotation-invalid",
            "the value of the annotation is not valid",
        ),
        Message::Overlap => Causes::certain(
            "injected-twice",
            "more than one webhook selects the same pods",
        ),
        Message::NoService => Causes::certain(
            "webhook-service-missing",
            "the webhook calls a Service that does not exist",
        ),
        Message::ApplicationUser => Causes::certain(
            "app-as-proxy-user",
            "the application runs as the sidecar's user",
        ),
        Message::ImageAuto => Causes::certain(
            "image-auto",
            "the placeholder was not replaced: the pod is not injected",
        ),
        Message::EnabledByDefault => {
            Causes::certain("enabled-by-default", "all namespaces are injected")
        }
        Message::ImageMismatch => Causes::certain(
            "revision-stale",
            "the pod's proxy is of another version than istiod's",
        ),
        Message::ExternalUrl => Causes::likely(
            "webhook-url",
            "the URL of the external control plane is not as it should be",
        ),
        Message::NamespaceOptedOut => {
            Causes::certain("namespace-opted-out", "the namespace's label says no")
        }
        Message::PodOptedOut => Causes::certain("pod-opted-out", "the pod's label says no"),
        Message::RevisionUnknown => Causes::likely(
            "revision-unknown",
            "no webhook serves the revision of the label",
        ),
    }
}
