//! The API server's own words about a call that failed.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;

use crate::facts::{Kind, Missing};
use crate::way::Case;

/// Why the last call of a webhook entry failed, if a refusal of a pod still stands that says so.
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/webhook/error.go` (`ErrCallingWebhook`).
///
/// # Errors
/// [`Missing`] where it was not read whether one stands.
pub fn of(case: &Case, webhook: &MutatingWebhook) -> Result<Option<String>, Missing> {
    if case.target().kind == Kind::MutatingWebhookConfiguration {
        return Ok(None);
    }
    let observation = case.observation();
    if let Some(missing) = &observation.missing {
        return Err(missing.clone());
    }
    let rejection = observation.rejection.as_ref();
    let cause = rejection.and_then(|rejection| cause(&rejection.message, &webhook.name));
    Ok(cause.map(str::to_owned))
}

fn cause<'a>(message: &'a str, entry: &str) -> Option<&'a str> {
    let (_, cause) = message.split_once(&format!("failed calling webhook \"{entry}\": "))?;
    Some(
        cause
            .strip_prefix("failed to call webhook: ")
            .unwrap_or(cause),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_what_follows_the_name_of_the_entry() {
        let error = "Internal error occurred: failed calling webhook \"object.sidecar-injector.istio.io\": failed to call webhook: the server could not find the requested resource";
        let entry = "object.sidecar-injector.istio.io";
        assert_eq!(
            cause(error, entry),
            Some("the server could not find the requested resource")
        );
        assert_eq!(cause(error, "namespace.sidecar-injector.istio.io"), None);
        assert_eq!(cause("exceeded quota: pods", entry), None);
    }
}
