//! The API server's own words about a call that failed.

use super::failed_call::newest_failure;
use super::step::Entry;
use crate::facts::{Kind, Missing};
use crate::texts::{Transport, What};
use crate::way::changes::{self, Changed};
use crate::way::{Case, Rejection};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// In the API server's words, without those about which webhook it was.
    pub text: String,
    /// What they say; none where that is not known.
    pub transport: Option<Transport>,
}

/// Why the last call of a webhook entry failed, if a refusal of a pod still stands that says so.
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/webhook/error.go` (`ErrCallingWebhook`).
///
/// # Errors
/// [`Missing`] where it was not read whether one stands.
pub fn of(case: &Case, entry: Entry) -> Result<Option<CallError>, Missing> {
    standing(case, entry, || Ok(Vec::new()))
}

/// The same, unless something was changed after the call that decides about it; `deciding` has what does.
///
/// # Errors
/// [`Missing`] where that was not read.
pub fn standing(
    case: &Case,
    entry: Entry,
    deciding: impl FnOnce() -> Result<Vec<Changed>, Missing>,
) -> Result<Option<CallError>, Missing> {
    let Some(refusal) = refusal(case, entry)? else {
        return Ok(None);
    };
    let Some(error) = error(case, entry, &refusal) else {
        return Ok(None);
    };
    let stood = refusal.stood();
    let is_since = |one: &Changed| stood.is_none_or(|stood| one.at > stood);
    let is_over = deciding()?.iter().any(is_since);
    Ok((!is_over).then_some(error))
}

/// The refusal that tells how the last call fared: of the target's pods, or, where the webhook itself is the target, the
/// newest of whatever pods that tells of a call to where the entry leads, unless the way there was changed since.
///
/// # Errors
/// [`Missing`] where it was not read whether one stands.
pub fn refusal(case: &Case, entry: Entry) -> Result<Option<Rejection>, Missing> {
    if is_webhook(case) {
        let Some((at, failure)) = newest_failure(case, entry)? else {
            return Ok(None);
        };
        let way = changes::of_way(case, entry)?;
        let is_over = way.iter().any(|one| one.at > at);
        return Ok((!is_over).then_some(failure));
    }
    let observation = case.observation();
    match &observation.missing {
        Some(missing) => Err(missing.clone()),
        None => Ok(observation.rejection.clone()),
    }
}

/// What a refusal says of a call of the entry, or of another that leads to the same where the webhook is the target.
fn error(case: &Case, entry: Entry, refusal: &Rejection) -> Option<CallError> {
    if !is_webhook(case) {
        return CallError::of(refusal, &entry.webhook.name);
    }
    let mut entries = entry.configuration.webhooks.iter().flatten();
    entries.find_map(|one| CallError::of(refusal, &one.name))
}

fn is_webhook(case: &Case) -> bool {
    case.target().kind == Kind::MutatingWebhookConfiguration
}

impl CallError {
    /// Why a call of an entry failed; none where a refusal does not tell of one.
    pub(super) fn of(rejection: &Rejection, entry: &str) -> Option<Self> {
        let text = cause(&rejection.message, entry)?.to_owned();
        let transport = match rejection.said.as_ref()?.what {
            What::Call(call) => call.error,
            _ => None,
        };
        Some(Self { text, transport })
    }
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
    use crate::texts::Http;

    #[test]
    fn the_cause_is_what_follows_the_name_of_the_entry() {
        let error = "Internal error occurred: failed calling webhook \"object.sidecar-injector.istio.io\": failed to call webhook: the server could not find the requested resource";
        let entry = "object.sidecar-injector.istio.io";
        let expected = CallError {
            text: "the server could not find the requested resource".to_owned(),
            transport: Some(Transport::Http(Http::NotFound)),
        };
        let refused = |message: &str| Rejection::new(message.to_owned(), String::new());
        assert_eq!(CallError::of(&refused(error), entry), Some(expected));
        for (message, entry) in [
            (error, "namespace.sidecar-injector.istio.io"),
            ("exceeded quota: pods", entry),
        ] {
            assert_eq!(CallError::of(&refused(message), entry), None, "{message}");
        }
    }
}
