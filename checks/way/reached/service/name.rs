//! A Service in words.

use std::fmt;

use k8s_openapi::api::admissionregistration::v1::ServiceReference;

/// A Service that a webhook calls, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl From<&ServiceReference> for ServiceName {
    fn from(reference: &ServiceReference) -> Self {
        Self {
            name: reference.name.clone(),
            namespace: reference.namespace.clone(),
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the webhook's Service {} in {}",
            self.name, self.namespace
        )
    }
}
