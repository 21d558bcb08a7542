//! Who refuses a pod, by the API server's text.

use crate::texts::{Denied, Found, What};

/// Who refuses, by what the text says first: the subject of a sentence.
pub fn refuser(said: Option<&Found>) -> &'static str {
    let denied = match said.map(|said| said.what) {
        Some(What::Call(_)) => return "the API server, as its call of an admission webhook failed",
        Some(What::Denied(denied)) => denied,
        _ => return "the API server",
    };
    match denied {
        Denied::Injector(_)
        | Denied::InjectorOtherwise
        | Denied::WebhookBecauseOfSidecar
        | Denied::Webhook { .. }
        | Denied::DryRun => "an admission webhook",
        Denied::Policy { .. } => "a ValidatingAdmissionPolicy",
        Denied::Autopilot => "GKE Autopilot",
        Denied::PodSecurity { .. } => "Pod Security admission",
        Denied::PodSecurityPolicy => "PodSecurityPolicy admission",
        Denied::SecurityContextDeny => "SecurityContextDeny admission",
        Denied::SecurityContextConstraints => "SecurityContextConstraint admission",
        Denied::QuotaExceeded | Denied::QuotaWants | Denied::QuotaUnknown => "a ResourceQuota",
        Denied::LimitRange => "a LimitRange",
        Denied::ServiceAccount => "ServiceAccount admission",
        Denied::Terminating => "the namespace lifecycle",
        Denied::MatchCondition => "the API server, as a match condition of a webhook failed",
        Denied::Field(_) => "the API server's validation of the pod",
        Denied::TooLarge => "the storage of the API server",
        Denied::InitBesideCni => "the API server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::read;

    #[test]
    fn the_text_tells_who_refuses() {
        for (text, expected) in [
            (
                "Internal error occurred: failed calling webhook \"a.b.c\": Post \"https://a.b.svc:443/x\": EOF",
                "the API server, as its call of an admission webhook failed",
            ),
            (
                "admission webhook \"a.b.c\" denied the request: no",
                "an admission webhook",
            ),
            (
                "pods \"web-1\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot != true",
                "Pod Security admission",
            ),
            (
                "pods \"web-1\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1",
                "a ResourceQuota",
            ),
            (
                "pods \"web-1\" is forbidden: maximum memory usage per Container is 512Mi, but limit is 1Gi",
                "a LimitRange",
            ),
            (
                "pods \"web-1\" is forbidden: error looking up service account shop/web: serviceaccount \"web\" not found",
                "ServiceAccount admission",
            ),
            (
                "pods \"web-1\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
                "a ValidatingAdmissionPolicy",
            ),
            (
                "Pod \"web-1\" is invalid: spec.containers[0].name: Required value",
                "the API server's validation of the pod",
            ),
            ("something new", "the API server"),
        ] {
            assert_eq!(refuser(read(text).first()), expected, "{text}");
        }
    }
}
