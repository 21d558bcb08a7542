//! Does the API server's call arrive at istiod?
//!
//! A call has a way of several legs, each in its file, in the order in which the API server comes to
//! them. It reads caBundle when it makes the client; it chooses a proxy before it looks for the
//! Service, as that is the dialer's work; kube-proxy picks the endpoint; and the certificate is
//! verified after the connection is made.
//!
//! Sources: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/{webhook/client.go,proxy/proxy.go}`; Go 1.26,
//! `net/http/transport.go`.

mod api_server_error;
mod backend;
mod ca_bundle;
mod destination;
mod endpoints;
mod no_proxy;
mod obstacle;
mod root;
mod service;
mod serving;

use std::fmt;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use super::injector::NativeSidecars;
use super::{Answer, names};
use crate::facts::Missing;
use crate::way::Case;

pub use backend::{Backends, backends, injector_port};
pub use ca_bundle::{ca_bundle, root_certificate};
pub use destination::{Destination, Destinations, destinations};
pub use endpoints::{Endpoints, endpoints};
pub use no_proxy::{Detour, detours, environment_of};
pub use obstacle::{NotServing, Obstacle};
pub use root::is_self_made;
pub use service::{called_port, host};

/// Whether a call arrives.
pub type Reached = Answer<Arrival, Obstacle>;

/// The answer of one leg, with what the next ones need to know.
type Step<T> = Result<Result<T, Obstacle>, Missing>;

/// Who answers the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An istiod of the cluster.
    Istiod(Istiod),
    /// Some other vendor's webhook, which is taken to answer.
    Foreign,
}

/// The istiod behind a webhook entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Istiod {
    /// Its namespace.
    pub namespace: String,
    /// Its revision: environment variable `REVISION`, never a label's text.
    pub revision: String,
    /// N of its version 1.N, where the image's tag tells.
    pub minor: Option<u32>,
    /// Where it puts the proxy.
    pub native_sidecars: NativeSidecars,
}

impl Istiod {
    /// The ConfigMap from which it takes the injector's configuration.
    pub fn injector_config_map(&self) -> String {
        names::with_revision("istio-sidecar-injector", &self.revision)
    }
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Istiod(istiod) => {
                write!(
                    f,
                    "istiod of revision {} in {} is ready",
                    istiod.revision, istiod.namespace
                )
            }
            Self::Foreign => f.write_str("not Istio's: taken to answer"),
        }
    }
}

/// A part of a call's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// caBundle can be read.
    Bundle,
    /// No proxy is in between.
    Proxy,
    /// The Service is there, with the port.
    Service,
    /// An endpoint is ready.
    Ready,
    /// The endpoint is istiod.
    Istiod,
    /// caBundle vouches for istiod's certificate.
    Trust,
    /// istiod's certificate bears the name of the Service.
    Name,
    /// istiod serves the injector.
    Serving,
}

/// The way of a call: the answer of every leg that could be asked about.
#[derive(Clone, Debug, Default)]
pub struct Route {
    legs: Vec<(Leg, Answer<(), Obstacle>)>,
    arrival: Option<Arrival>,
}

/// A webhook entry and its configuration.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The configuration.
    pub configuration: &'a MutatingWebhookConfiguration,
    /// The entry.
    pub webhook: &'a MutatingWebhook,
}

/// Whether the API server's call of a webhook entry arrives; `injector` tells Istio's from others'.
pub fn reached(case: &Case, entry: Entry, injector: bool) -> Reached {
    route(case, entry, injector).reached()
}

/// The way of a webhook entry's call.
pub fn route(case: &Case, entry: Entry, injector: bool) -> Route {
    let mut route = Route::default();
    route.arrival = route.walk(case, entry, injector);
    route
}

impl Route {
    /// What became of a leg; none where an earlier one makes the question pointless.
    pub fn leg(&self, leg: Leg) -> Option<&Answer<(), Obstacle>> {
        let mut found = self.legs.iter().filter(|(one, _)| *one == leg);
        found.next().map(|(_, answer)| answer)
    }

    /// Everything that is known to be in the way, the decisive obstacle first.
    pub fn obstacles(&self) -> impl Iterator<Item = (Leg, &Obstacle)> {
        let legs = self.legs.iter();
        legs.filter_map(|(leg, answer)| Some((*leg, answer.no()?)))
    }

    /// Whether the call arrives. One obstacle that is known is enough: what is unknown of the way
    /// before it cannot lead around it.
    pub fn reached(&self) -> Reached {
        if let Some((_, obstacle)) = self.obstacles().next() {
            return Answer::No(obstacle.clone());
        }
        match (self.unknown(), &self.arrival) {
            (None, Some(arrival)) => Answer::Yes(arrival.clone()),
            (Some(missing), _) => Answer::Unknown(missing.clone()),
            (None, None) => Answer::Unknown(Missing("the call's way is not known".to_owned())),
        }
    }

    /// Why a leg is not answered, where that is because an earlier one is unknown.
    pub fn unknown(&self) -> Option<&Missing> {
        self.legs.iter().find_map(|(_, answer)| match answer {
            Answer::Unknown(missing) => Some(missing),
            _ => None,
        })
    }

    /// The istiod at the end of the way, even where the call itself does not arrive.
    pub fn istiod(&self) -> Option<&Istiod> {
        match &self.arrival {
            Some(Arrival::Istiod(istiod)) => Some(istiod),
            _ => None,
        }
    }

    /// Notes what became of a leg, and hands on what the next ones need of it.
    fn note<T>(&mut self, leg: Leg, step: Step<T>) -> Option<T> {
        let (answer, value) = match step {
            Ok(Ok(value)) => (Answer::Yes(()), Some(value)),
            Ok(Err(unreachable)) => (Answer::No(unreachable), None),
            Err(missing) => (Answer::Unknown(missing), None),
        };
        self.legs.push((leg, answer));
        value
    }

    fn walk(&mut self, case: &Case, entry: Entry, injector: bool) -> Option<Arrival> {
        let webhook = entry.webhook;
        self.note(Leg::Bundle, Ok(ca_bundle::readable(webhook)));
        let Some(service) = &webhook.client_config.service else {
            if !injector {
                return Some(Arrival::Foreign);
            }
            self.note::<()>(Leg::Istiod, by_url(case, webhook));
            return None;
        };
        self.note(Leg::Proxy, no_proxy::direct(case, webhook, service));
        let port = self.note(Leg::Service, service::port(case, service))?;
        let ready = endpoints::ready(case, service, port);
        let ready = self.note(Leg::Ready, ready);
        if !injector {
            self.note(Leg::Trust, Ok(ca_bundle::not_empty(webhook)));
            return ready.map(|_| Arrival::Foreign);
        }
        let istiod = ready.and_then(|endpoints| {
            let istiod =
                backends(case, service, &endpoints).and_then(|backends| backends.istiod(service));
            self.note(Leg::Istiod, istiod)
        });
        let known = istiod
            .as_ref()
            .map(|(istiod, pods)| (istiod, pods.as_slice()));
        self.note(Leg::Trust, ca_bundle::trusted(case, entry, service, known));
        let (istiod, pods) = istiod?;
        self.note(
            Leg::Name,
            ca_bundle::named(case, webhook, service, &istiod, &pods),
        );
        self.note(Leg::Serving, serving::served(case, webhook, &istiod, &pods));
        Some(Arrival::Istiod(istiod))
    }
}

/// A webhook by URL leads out of sight. Only an error that the API server got from it tells.
fn by_url<T>(case: &Case, webhook: &MutatingWebhook) -> Step<T> {
    match api_server_error::of(case, webhook)? {
        Some(error) => Ok(Err(Obstacle::Failing(error))),
        None => Err(Missing(format!(
            "whether {} answers cannot be seen from the cluster's API",
            webhook.client_config.url.as_deref().unwrap_or_default()
        ))),
    }
}
