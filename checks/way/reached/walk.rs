//! The way of a call, leg by leg, in the order in which the API server comes to them.
//!
//! It reads caBundle when it makes the client; it chooses a proxy before it looks for the Service, as
//! that is the dialer's work; kube-proxy picks the endpoint; and the certificate is verified after the
//! connection is made.
//!
//! Sources: Kubernetes 1.36, `k8s.io/apiserver/pkg/util/{webhook/client.go,proxy/proxy.go}`; Go 1.26,
//! `net/http/transport.go`.

use super::obstacle::Obstacle;
use super::route::{Arrival, Reached, Route};
use super::step::{Entry, Leg};
use super::{backend, ca_bundle, certificate, endpoints, no_proxy, service, serving, url};
use crate::facts::Missing;
use crate::way::{Case, ControlPlaneKind};

/// Whether the API server's call of a webhook entry arrives; `injector` tells Istio's from others'.
pub fn reached(case: &Case, entry: Entry, injector: bool) -> Reached {
    route(case, entry, injector).reached(case)
}

/// The way of a webhook entry's call.
pub fn route(case: &Case, entry: Entry, injector: bool) -> Route {
    let mut route = Route::default();
    let arrival = walk(&mut route, case, entry, injector);
    route.arrives(arrival)
}

fn walk(route: &mut Route, case: &Case, entry: Entry, injector: bool) -> Option<Arrival> {
    let webhook = entry.webhook;
    route.note(case, Leg::CaBundle, || Ok(ca_bundle::readable(case, entry)));
    let Some(service) = &webhook.client_config.service else {
        if !injector {
            return Some(Arrival::Foreign);
        }
        route.note::<(), _>(case, Leg::Url, || url::answers(case, entry));
        return None;
    };
    route.note(case, Leg::NoProxy, || {
        no_proxy::direct(case, entry, service)
    });
    let port = route.note(case, Leg::Service, || {
        service::called::<Obstacle>(case, service, Some(entry))
    })?;
    let kind = || case.control_plane_kind(entry.configuration, webhook);
    let ready = route.note(case, Leg::Endpoints, || {
        let ready = match endpoints::ready(case, service, port)? {
            Ok(ready) => ready,
            Err(none) => return Ok(Err(none)),
        };
        match injector && kind()? == Some(ControlPlaneKind::Outside) {
            true => endpoints::answering(case, entry, service, ready),
            false => Ok(Ok(ready)),
        }
    });
    if !injector {
        route.note(case, Leg::Roots, || Ok(ca_bundle::not_empty(entry)));
        return ready.map(|_| Arrival::Foreign);
    }
    let istiod = ready.and_then(|endpoints| {
        route.note(case, Leg::Backend, || {
            if kind()? == Some(ControlPlaneKind::BeforeIstiod) {
                return Err(Missing(
                    "the injector of Istio before 1.5 answers, which is not looked into".to_owned(),
                ));
            }
            backend::backends(case, service, &endpoints)?.istiod::<Obstacle>(service)
        })
    });
    let known = istiod
        .as_ref()
        .map(|(istiod, pods)| (istiod, pods.as_slice()));
    route.note(case, Leg::Roots, || Ok(ca_bundle::not_empty(entry)));
    route.note(case, Leg::Trust, || {
        if let Some(kind @ (ControlPlaneKind::Outside | ControlPlaneKind::BeforeIstiod)) = kind()? {
            if let Some(distrusted) = ca_bundle::distrusted(case, entry)? {
                return Ok(Err(Obstacle::from(distrusted)));
            }
            return Err(Missing(format!("the root of {kind} is not visible")));
        }
        ca_bundle::trusted::<Obstacle>(case, entry, service, known)
    });
    let (istiod, pods) = istiod?;
    route.note(case, Leg::Certificate, || {
        certificate::named(case, entry, service, &istiod, &pods)
    });
    route.note(case, Leg::Serving, || {
        serving::served(case, entry, &istiod, &pods)
    });
    Some(Arrival::Istiod(istiod))
}
