//! Who refuses a pod, by the API server's text.

/// Marks of a text, and who writes it; the first that is found counts. Source: `k8s.io/apiserver` and
/// `k8s.io/kubernetes/plugin/pkg/admission` (v1.36).
const REFUSERS: [(&str, &str); 11] = [
    (
        "failed calling webhook",
        "the API server, as its call of an admission webhook failed",
    ),
    ("ValidatingAdmissionPolicy", "a ValidatingAdmissionPolicy"),
    ("denied the request", "an admission webhook"),
    ("violates PodSecurity", "Pod Security admission"),
    ("exceeded quota", "a ResourceQuota"),
    ("failed quota", "a ResourceQuota"),
    (" per Container is ", "a LimitRange"),
    (" per Pod is ", "a LimitRange"),
    (
        "error looking up service account",
        "ServiceAccount admission",
    ),
    (
        "security context constraint",
        "SecurityContextConstraint admission",
    ),
    ("is being terminated", "the namespace lifecycle"),
];

/// Who refuses: the subject of a sentence.
pub fn refuser(text: &str) -> &'static str {
    let known = REFUSERS.iter().find(|(mark, _)| text.contains(mark));
    match known {
        Some((_, who)) => who,
        None if text.contains(" is invalid: ") => "the API server's validation of the pod",
        None => "the API server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(refuser(text), expected, "{text}");
        }
    }
}
