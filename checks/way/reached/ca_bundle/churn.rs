//! Is the caBundle of a webhook configuration changed again and again?
//!
//! Whoever writes another value into a field takes it from the manager that had it, so that managedFields know only the last
//! of two that fight. What remains is that the API server counts the changes.
//! Source: Kubernetes 1.36, `pkg/registry/admissionregistration/mutatingwebhookconfiguration/strategy.go`
//! (`PrepareForUpdate`): each change of the webhooks adds one to metadata.generation.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;

use crate::facts::who_set;

/// So many changes are more than installations and upgrades make.
const MANY: i64 = 50;

/// One change in this time, since the configuration is there: controllers restore what they know within some minutes.
const EACH: SignedDuration = SignedDuration::from_mins(5);

/// The last change of a caBundle is not older, or else it is over.
const LAST: SignedDuration = SignedDuration::from_mins(10);

/// How often a configuration was changed that is changed again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Churn {
    /// How many times.
    pub changes: i64,
    /// Since when: it was created then.
    pub since: Timestamp,
}

/// Whether a webhook configuration is changed again and again; none where it is not, or no generation is told.
pub fn churn(configuration: &MutatingWebhookConfiguration, now: Timestamp) -> Option<Churn> {
    let metadata = &configuration.metadata;
    let since = metadata.creation_timestamp.as_ref()?.0;
    let changes = metadata.generation?.saturating_sub(1);
    let each = i32::try_from(changes).map_or(SignedDuration::MAX, |changes| EACH * changes);
    let entries = configuration.webhooks.iter().flatten();
    let last = entries.filter_map(|entry| {
        let element = format!("k:{{\"name\":\"{}\"}}", entry.name);
        who_set(
            metadata,
            &["webhooks", &element, "clientConfig", "caBundle"],
        )?
        .at
    });
    let is_going_on = now.duration_since(last.max()?) <= LAST;
    let is_often = changes >= MANY && now.duration_since(since) <= each;
    (is_often && is_going_on).then_some(Churn { changes, since })
}
