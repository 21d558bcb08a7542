//! TLS to the server of traces: `ValidateTLS`, without a namespace.

use super::super::read::Message;

/// What is wrong with `tracing.tlsSettings`.
pub(super) fn complaint(settings: &Message) -> Option<String> {
    problem(settings).map(|problem| format!("tracing.tlsSettings {problem}"))
}

fn problem(settings: &Message) -> Option<&'static str> {
    let set = |field: &str| settings.text(field).is_some_and(|text| !text.is_empty());
    let (simple, mutual) = match settings.number("mode") {
        Some(1) => (true, false),
        Some(2) => (false, true),
        _ => (false, false),
    };
    let credential = settings.text("credential_name").unwrap_or_default();
    if credential.starts_with("configmap://") {
        return Some("cannot refer to a ConfigMap");
    }
    if !simple && !mutual {
        return None;
    }
    let verified = set("ca_certificates")
        || settings.has("subject_alt_names")
        || (simple && !credential.is_empty());
    if settings.is_true("insecure_skip_verify") && verified {
        return Some("cannot skip verification and say what to verify");
    }
    if !credential.is_empty() {
        let files = [
            "client_certificate",
            "ca_certificates",
            "private_key",
            "ca_crl",
        ];
        let both = files.into_iter().any(set);
        return both.then_some("cannot have both a credentialName and certificates");
    }
    if mutual && !set("client_certificate") {
        return Some("lacks the clientCertificate of mode MUTUAL");
    }
    (mutual && !set("private_key")).then_some("lacks the privateKey of mode MUTUAL")
}
