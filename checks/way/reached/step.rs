//! The words that all legs of a call's way share.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use crate::facts::Missing;

/// The answer of one leg: what the next ones need to know, or what is in the way.
pub type Step<T, O> = Result<Result<T, O>, Missing>;

/// A webhook entry and its configuration.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The configuration.
    pub configuration: &'a MutatingWebhookConfiguration,
    /// The entry.
    pub webhook: &'a MutatingWebhook,
}

impl Entry<'_> {
    /// The name of the configuration.
    pub fn name(&self) -> String {
        self.configuration.metadata.name.clone().unwrap_or_default()
    }
}

/// A part of a call's way, in the order in which the API server comes to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// caBundle can be read.
    CaBundle,
    /// The URL answers, where the webhook names one in the place of a Service.
    Url,
    /// No proxy is in between.
    NoProxy,
    /// The Service is there, with the port.
    Service,
    /// An endpoint is ready.
    Endpoints,
    /// The endpoint is istiod, on the right port.
    Backend,
    /// caBundle holds anything to verify istiod's certificate by.
    Roots,
    /// caBundle vouches for istiod's certificate.
    Trust,
    /// istiod's certificate bears the name of the Service.
    Certificate,
    /// istiod serves the injector.
    Serving,
}

impl Leg {
    /// The legs on whose outcome it rests: what was read for them was read for it.
    pub const fn rests_on(self) -> &'static [Self] {
        match self {
            Self::CaBundle | Self::Url | Self::NoProxy | Self::Service => &[],
            Self::Endpoints | Self::Roots => &[Self::Service],
            Self::Backend => &[Self::Endpoints],
            Self::Trust | Self::Certificate | Self::Serving => &[Self::Backend, Self::Endpoints],
        }
    }
}
