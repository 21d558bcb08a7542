//! Does the API server send the call of an admission webhook through an HTTP proxy?
//!
//! What the sources say (k8s.io/apiserver `pkg/util/webhook/client.go`, k8s.io/client-go `transport/cache.go`,
//! k8s.io/apimachinery `pkg/util/net/http.go`, all 1.36; Go 1.26 `golang.org/x/net/http/httpproxy`):
//!
//! * The URL of a webhook with `clientConfig.service` is `https://<service>.<namespace>.svc:<port>`. The service is
//!   looked up, and its ClusterIP (or an endpoint) used, only by the dialer, when the address that it is asked to dial
//!   is that very `<service>.<namespace>.svc:<port>`. The proxy is chosen before anything is dialed, so **the host name
//!   is what `NO_PROXY` is compared with, never the ClusterIP**: the CIDR of the services in `NO_PROXY` does nothing
//!   for such a webhook, and neither does `.cluster.local` or the cluster domain, as the name ends with `.svc`. Only a
//!   webhook with `clientConfig.url` whose host is an IP literal is compared with addresses and CIDRs.
//! * Behind a proxy the dialer is asked for the address of the proxy instead, the service is never looked up, and the
//!   proxy gets `CONNECT <service>.<namespace>.svc:443`, a name that it usually cannot resolve.
//! * The transport has `http.ProxyFromEnvironment`, which client-go wraps in `NewProxierWithNoProxyCIDR`. That wrapper
//!   only adds CIDRs with leading zeros for hosts that are IP literals.
//! * Webhooks are called by HTTPS, so `HTTPS_PROXY` counts, then `https_proxy` if the former is unset or empty;
//!   `HTTP_PROXY` and `ALL_PROXY` never do. Likewise `NO_PROXY` before `no_proxy`.
//! * All of this is the environment of the process as it was when it made its first request.

mod decision;
mod entry;
mod list;

pub use decision::{Because, ProxyDecision, webhook_goes_through_proxy};
pub use list::{Exemption, NoProxy};

use crate::rules::go;
use std::net::IpAddr;

/// The address that a host is, where IPv4 in IPv6 is IPv4.
fn ip_of(host: &str) -> Option<IpAddr> {
    go::parse_addr(host).map(|address| go::unmapped(address.ip))
}
