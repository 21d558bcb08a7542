//! Whose webhook, Service or URL a text is about.

use std::sync::LazyLock;

use super::words::{AnyOf, has};

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The webhook of Istio that injects sidecars.
    Injector,
    /// The webhook of Istio that validates its configuration.
    Validator,
    /// Something else of Istio.
    Istio,
    /// The injector of another mesh.
    OtherInjector,
    /// Somebody else.
    Foreign,
    /// The text does not say.
    Unnamed,
}

impl Party {
    /// Whether it is a part of Istio.
    pub fn is_istio(self) -> bool {
        matches!(self, Self::Injector | Self::Validator | Self::Istio)
    }
}

/// Meshes that inject sidecars too.
static OTHER_MESHES: LazyLock<AnyOf> = LazyLock::new(|| {
    AnyOf::new(&[
        "linkerd",
        "consul",
        "kuma",
        "kong-mesh",
        "openservicemesh",
        "osm-",
        "appmesh",
        "dapr",
        "nginx-mesh",
        "traefik-mesh",
    ])
});

/// Other programs that run Envoy.
static OTHER_ENVOYS: LazyLock<AnyOf> =
    LazyLock::new(|| AnyOf::new(&["cilium", "contour", "emissary", "gloo-", "envoy gateway"]));

/// Names of Services of Istio's control plane begin with these. `istio-pilot`, `istio-galley` and
/// `istio-sidecar-injector` are of versions up to 1.7.
const SERVICES: &[&str] = &[
    "istiod",
    "istio-pilot",
    "istio-galley",
    "istio-sidecar-injector",
];

/// Paths of istiod's webhooks, and up to 1.4 of Galley's. Source: `pkg/kube/inject/webhook.go` and
/// `pkg/webhooks/validation/server/server.go` of Istio.
const PATHS: &[(&str, Party)] = &[
    ("/inject", Party::Injector),
    ("/validate", Party::Validator),
    ("/admitpilot", Party::Validator),
    ("/admitmixer", Party::Validator),
];

/// Whose a webhook is, by what of it is known.
pub(super) fn party(webhook: Option<&str>, host: Option<&str>, path: Option<&str>) -> Party {
    match (webhook, host) {
        (Some(webhook), _) => of_webhook(webhook),
        (None, Some(host)) => of_host(host, path),
        (None, None) => Party::Unnamed,
    }
}

/// Whose webhook an entry is, by its name.
pub(super) fn of_webhook(name: &str) -> Party {
    match () {
        () if is_other_mesh(name) && has(name, "inject") => Party::OtherInjector,
        () if is_other_mesh(name) => Party::Foreign,
        () if has(name, "sidecar-injector.istio.io") => Party::Injector,
        () if has(name, "istio") && has(name, "valid") => Party::Validator,
        () if has(name, "istio") && has(name, "inject") => Party::Injector,
        () if name.ends_with(".istio.io") => Party::Istio,
        () => Party::Foreign,
    }
}

fn of_host(host: &str, path: Option<&str>) -> Party {
    let of_path = |path: &str| {
        let is_under = |begin: &str| {
            path.strip_prefix(begin)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        PATHS
            .iter()
            .find(|(begin, _)| is_under(begin))
            .map(|one| one.1)
    };
    let by_path = path.and_then(of_path);
    match () {
        () if is_other_mesh(host) => Party::Foreign,
        () if is_istio_service(host) => by_path.unwrap_or(Party::Istio),
        // Other injectors have their own paths, mostly; a Service of another name serves a revision.
        () if by_path == Some(Party::Injector) => Party::Injector,
        () => Party::Foreign,
    }
}

/// Whether a Service or host is of Istio's control plane, by the beginning of its name.
pub(super) fn is_istio_service(name: &str) -> bool {
    SERVICES.iter().any(|begin| name.starts_with(begin)) || has(name, ".istio-system.svc")
}

/// Whether a text names another mesh.
pub(super) fn is_other_mesh(name: &str) -> bool {
    OTHER_MESHES.is_in(name)
}

/// Whether a text names another program that runs Envoy.
pub(super) fn is_other_envoy(text: &str) -> bool {
    OTHER_ENVOYS.is_in(text)
}
