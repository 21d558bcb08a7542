//! The causes of refusals.

use super::Causes;
use crate::texts::{Denied, FieldError, Refusal};

pub(super) fn causes(denied: Denied) -> Causes {
    match denied {
        Denied::Injector(refusal) => of_injector(refusal),
        Denied::InjectorOtherwise => Causes::possible(
            "template-broken",
            "istiod refuses the pod, in words that are not known",
        ),
        Denied::WebhookBecauseOfSidecar => Causes::likely(
            "policy-engine",
            "a webhook refuses the pod, and names what the sidecar brings",
        ),
        Denied::Webhook { of_pods: true } => Causes::likely(
            "other-webhook-failing",
            "a webhook that is not Istio's refuses the pod, and names nothing of the sidecar",
        ),
        Denied::Webhook { of_pods: false } => Causes::default(),
        Denied::DryRun => Causes::certain(
            "webhook-side-effects",
            "the webhook declares side effects, so that no dry run may call it",
        ),
        Denied::Policy {
            because_of_sidecar: true,
        } => Causes::likely(
            "policy-engine",
            "a ValidatingAdmissionPolicy names what the sidecar brings",
        ),
        Denied::Policy {
            because_of_sidecar: false,
        } => Causes::possible(
            "policy-engine",
            "a ValidatingAdmissionPolicy refuses; its message names nothing of the sidecar",
        ),
        Denied::Autopilot => Causes::certain(
            "gke-autopilot",
            "Autopilot refuses the capabilities of istio-init",
        ),
        Denied::PodSecurity {
            because_of_capture: true,
            ..
        } => Causes::likely(
            "tcpdump-not-permitted",
            "Pod Security refuses the capabilities with which a container of kubectl debug captures",
        )
        .or(
            "pod-security",
            "istio-init needs the same capabilities, so that new pods that have it are refused, too",
        ),
        Denied::PodSecurity {
            because_of_sidecar: true,
            ..
        } => Causes::certain("pod-security", "Pod Security names what the sidecar brings").or(
            "pod-security-context",
            "the pod itself may violate the level as well",
        ),
        Denied::PodSecurity {
            because_of_sidecar: false,
            ..
        } => Causes::possible(
            "pod-security",
            "Pod Security refuses the pod; the containers that are named are its own",
        ),
        Denied::PodSecurityPolicy => {
            Causes::likely("pod-security", "no PodSecurityPolicy admits the pod")
        }
        Denied::SecurityContextDeny => Causes::likely(
            "pod-security",
            "the API server denies users and capabilities of containers, which the sidecar brings",
        ),
        Denied::SecurityContextConstraints => Causes::certain(
            "openshift-scc",
            "no security context constraint admits the pod",
        ),
        Denied::QuotaExceeded => Causes::certain(
            "quota",
            "the requests or limits with the sidecar's are more than the quota leaves",
        ),
        Denied::QuotaWants => Causes::certain(
            "quota",
            "the quota wants requests or limits that a container does not have",
        ),
        Denied::QuotaUnknown => Causes::likely("quota", "the use of the quota is not known yet"),
        Denied::TooLarge => Causes::likely(
            "pod-too-large",
            "its template could be stored, and the pod cannot: what is added to it makes it too large",
        ),
        Denied::LimitRange => Causes::certain(
            "limit-range",
            "a LimitRange refuses the resources of a container",
        ),
        Denied::ServiceAccount => Causes::certain(
            "service-account-missing",
            "the pod's ServiceAccount is not there",
        ),
        Denied::Terminating => {
            Causes::certain("namespace-terminating", "the namespace is being deleted")
        }
        Denied::MatchCondition => Causes::likely(
            "match-condition-error",
            "the expression of a webhook's match condition fails",
        ),
        Denied::Field(error) => of_field(error),
        Denied::InitBesideCni => Causes::certain(
            "pod-security",
            "the pod has istio-init although the CNI plugin is there: the injector does not know of it",
        ),
    }
}

fn of_injector(refusal: Refusal) -> Causes {
    match refusal {
        Refusal::TemplateNotFound => Causes::certain(
            "template-not-found",
            "the pod asks for a template that this revision does not have",
        ),
        Refusal::Annotation => Causes::certain(
            "annotation-invalid",
            "istiod refuses the value of the annotation",
        ),
        Refusal::AnnotationVolumes => Causes::likely(
            "annotation-invalid",
            "the annotation for volumes is no JSON list",
        )
        .or(
            "template-broken",
            "the template may go over something that is no list",
        ),
        Refusal::TemplateVersion => Causes::certain(
            "template-version",
            "the template uses what this version of istiod does not have",
        ),
        Refusal::Values => Causes::certain(
            "injector-values",
            "the values in the injector's ConfigMap do not parse",
        ),
        Refusal::Template => Causes::likely(
            "template-broken",
            "the template cannot be rendered with these values",
        )
        .or("template-version", "the template may be of another version"),
        Refusal::Yaml => Causes::likely("template-broken", "what the template renders is no YAML")
            .or(
                "annotation-invalid",
                "an annotation with quotes or line breaks may break it",
            ),
        Refusal::Overrides => Causes::certain(
            "overrides-invalid",
            "proxy.istio.io/overrides cannot be applied",
        ),
        Refusal::Prometheus => Causes::certain(
            "prometheus-port",
            "istiod refuses the port or the targets of Prometheus",
        ),
        Refusal::TooLarge => {
            Causes::likely("pod-too-large", "the request is larger than istiod accepts")
        }
    }
}

fn of_field(error: FieldError) -> Causes {
    match error {
        FieldError::NativeStripped => Causes::likely(
            "native-sidecar-stripped",
            "the API server takes the sidecar for an ordinary init container: its restartPolicy is gone or not known",
        ),
        FieldError::Windows => Causes::certain(
            "windows-pod",
            "the sidecar's fields are not allowed for Windows",
        ),
        FieldError::ReservedVolume | FieldError::ReservedMount => Causes::likely(
            "reserved-volume",
            "the pod has a volume or mount that the sidecar needs",
        ),
        FieldError::DuplicateContainer => {
            Causes::likely("duplicate-container", "two add the same container")
        }
        FieldError::DuplicateVolume => Causes::likely(
            "duplicate-container",
            "two webhooks add the same volume or mount",
        )
        .or("pod-invalid", "the template itself may have it twice"),
        FieldError::EnvironmentName => Causes::likely(
            "template-broken",
            "the injector's template writes the name of the variable",
        ),
        FieldError::LabelTooLong => Causes::likely(
            "label-too-long",
            "a label that is made of the workload's name is too long",
        )
        .or("pod-invalid", "the template's own label may be too long"),
        FieldError::RequestAboveLimit => Causes::likely(
            "proxy-resources",
            "only some of the sidecar's resources are set, and the request is above the limit",
        )
        .or(
            "pod-invalid",
            "the pod's own container may ask for more than its limit",
        ),
        FieldError::Other => {
            Causes::likely("pod-invalid", "the API server refuses a field of the pod")
        }
    }
}
