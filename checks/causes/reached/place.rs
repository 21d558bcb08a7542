//! The Service on a call's way: what evidence says of it.

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::Service;

use super::explanation::object;
use super::istiod;
use super::selector::in_words;
use crate::facts::Missing;
use crate::report::Evidence;
use crate::way::{Case, Destination};

/// A Service and the destination that leads to it.
pub struct Place<'f, 'a, 'd> {
    pub case: &'f Case<'a>,
    pub destination: &'f Destination<'d>,
    pub reference: &'d ServiceReference,
    pub service: &'a Service,
}

impl<'f, 'a, 'd> Place<'f, 'a, 'd> {
    /// The Service of a destination; none where it has none, or it is not there.
    ///
    /// # Errors
    /// [`Missing`] where the Service was not read.
    pub fn of(
        case: &'f Case<'a>,
        destination: &'f Destination<'d>,
    ) -> Result<Option<Self>, Missing> {
        let Some(reference) = destination.service() else {
            return Ok(None);
        };
        let service = case.service(&reference.namespace, &reference.name)?;
        Ok(service.map(|service| Self {
            case,
            destination,
            reference,
            service,
        }))
    }

    /// An object beside the Service in kubectl's words.
    pub fn object(&self, kind: &str, name: &str) -> String {
        object(kind, name, &self.reference.namespace)
    }

    /// A field of the Service as evidence.
    pub fn field(&self, path: &str) -> Evidence {
        Evidence::new(self.object("service", &self.reference.name), path)
    }

    /// The selector of the Service as evidence.
    pub fn selector(&self) -> Evidence {
        let selector = istiod::selector(self.service);
        self.field(".spec.selector")
            .actual(in_words(&selector))
            .set_in(&self.service.metadata, &["spec", "selector"])
    }
}
