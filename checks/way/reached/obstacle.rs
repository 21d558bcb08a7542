//! The obstacles on a call's way: one declaration puts those of all topics together.

use std::fmt;

use super::step::Leg;
use super::{backend, ca_bundle, certificate, endpoints, no_proxy, service, serving, url};

/// One obstacle of a topic: its sentence is its [`fmt::Display`], and names the object.
pub trait OnTheWay: Sized + fmt::Display {
    /// The leg on which it stands.
    const LEG: Leg;

    /// The obstacle, if it is one of this type.
    fn of(obstacle: &Obstacle) -> Option<&Self>;
}

macro_rules! obstacles {
    ($($(#[doc = $doc:literal])+ $leg:ident: $variant:ident($type:ty),)+) => {
        /// Why a call does not arrive: a variant for each obstacle, which says the rest.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Obstacle {
            $($(#[doc = $doc])+ $variant($type),)+
        }

        impl fmt::Display for Obstacle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant(one) => one.fmt(f),)+
                }
            }
        }

        $(
            impl From<$type> for Obstacle {
                fn from(one: $type) -> Self {
                    Self::$variant(one)
                }
            }

            impl OnTheWay for $type {
                const LEG: Leg = Leg::$leg;

                fn of(obstacle: &Obstacle) -> Option<&Self> {
                    match obstacle {
                        Obstacle::$variant(one) => Some(one),
                        _ => None,
                    }
                }
            }
        )+
    };
}

obstacles! {
    /// caBundle holds no certificate in PEM.
    CaBundle: NotPem(ca_bundle::NotPem),
    /// The API server sends the call to a proxy.
    NoProxy: Proxied(no_proxy::Proxied),
    /// A call by URL fails.
    Url: Failing(url::Failing),
    /// There is no such Service.
    Service: NoService(service::NoService),
    /// The API server cannot route to a Service like this.
    Service: Unroutable(service::Unroutable),
    /// The Service has no such port.
    Service: NoPort(service::NoPort),
    /// No endpoint is ready.
    Endpoints: NoEndpoints(endpoints::NoEndpoints),
    /// The Service leads to pods that are no istiod.
    Backend: WrongPods(backend::WrongPods),
    /// The Service leads to a port of istiod that is not the webhooks'.
    Backend: TargetPort(backend::TargetPort),
    /// caBundle is empty.
    Roots: Empty(ca_bundle::Empty),
    /// caBundle does not vouch for istiod's root.
    Trust: Mismatch(ca_bundle::Mismatch),
    /// A certificate of the chain is out of its time.
    Trust: Expired(certificate::Expired),
    /// istiod's certificate does not bear the name of the Service.
    Certificate: WrongName(certificate::WrongName),
    /// istiod answers, but nobody serves this path.
    Serving: NotServing(serving::NotServing),
}

impl Obstacle {
    /// Whether it is a no to the pod, so that failurePolicy does not matter.
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::NotServing(one) if one.is_denial())
    }

    /// Whether it is that istiod is not trusted.
    pub(crate) fn is_distrust(&self) -> bool {
        matches!(self, Self::Empty(_) | Self::NotPem(_) | Self::Mismatch(_))
    }
}
