//! Does the API server send the call to an HTTP proxy?

use crate::facts::kinds::Pod;
use k8s_openapi::api::admissionregistration::v1::ServiceReference;

use super::api_server::environment_of;
use super::api_server_error::{self, CallError};
use super::service::{called_port, host};
use super::step::{Entry, Step};
use crate::facts::Missing;
use crate::rules::no_proxy::{ProxyDecision, webhook_goes_through_proxy};
use crate::texts::Transport;
use crate::way::Case;

mod proxied;

pub use proxied::{Proxied, Witness};

/// A kube-apiserver that sends the calls of a Service to a proxy.
#[derive(Clone, Debug)]
pub struct Detour<'a> {
    /// Its pod.
    pub pod: &'a Pod,
    /// The environment variable that names the proxy.
    pub variable: &'static str,
    /// The proxy, without credentials.
    pub proxy: String,
}

/// The API servers that send the calls of a Service to a proxy, among those that can be seen.
///
/// # Errors
/// [`Missing`] where the pods of kube-apiserver were not read, or one cannot be judged.
pub fn detours<'a>(
    case: &Case<'a>,
    service: &ServiceReference,
) -> Result<Vec<Detour<'a>>, Missing> {
    let port = u16::try_from(called_port(service)).unwrap_or(443);
    let mut detours = Vec::new();
    for pod in case.api_servers()? {
        match webhook_goes_through_proxy(&environment_of(pod), &host(service), port) {
            ProxyDecision::Direct { .. } | ProxyDecision::Invalid { .. } => {}
            ProxyDecision::Proxied { proxy, variable } => detours.push(Detour {
                pod,
                variable,
                proxy,
            }),
            ProxyDecision::CannotTell { reason } => return Err(Missing(reason)),
        }
    }
    Ok(detours)
}

/// Whether no proxy is in between.
pub fn direct(case: &Case, entry: Entry, service: &ServiceReference) -> Step<(), Proxied> {
    let by_error = || by_error(case, entry, service);
    let api_servers = match case.api_servers() {
        Ok([]) => return Ok(by_error()?.map_or(Ok(()), Err)),
        Ok(api_servers) => api_servers,
        // Where the API servers are out of sight, an error that they gave is the only witness.
        Err(missing) => return by_error()?.map(Err).ok_or(missing),
    };
    let detours = detours(case, service)?;
    let Some(first) = detours.first() else {
        return Ok(Ok(()));
    };
    let (count, all) = (detours.len(), api_servers.len());
    if count < all {
        return Err(Missing(format!(
            "{count} of {all} API servers send the call to a proxy, and any of them may get the pod"
        )));
    }
    Ok(Err(Proxied {
        host: host(service),
        witness: Witness::Environment(first.proxy.clone()),
    }))
}

fn by_error(
    case: &Case,
    entry: Entry,
    service: &ServiceReference,
) -> Result<Option<Proxied>, Missing> {
    let error = api_server_error::of(case, entry)?.filter(is_of_a_proxy);
    Ok(error.map(|error| Proxied {
        host: host(service),
        witness: Witness::Error(error.text),
    }))
}

/// Whether an error is one that only a proxy causes: Go's transport hands on how the proxy answered
/// the request to connect, and nothing else.
fn is_of_a_proxy(error: &CallError) -> bool {
    const ANSWERS: [&str; 9] = [
        "Service Unavailable",
        "Bad Gateway",
        "Gateway Timeout",
        "Gateway Time-out",
        "Forbidden",
        "Proxy Authentication Required",
        "Not Found",
        "Internal Server Error",
        "Unable to connect",
    ];
    let last = error.text.rsplit(": ").next().unwrap_or(&error.text);
    error.transport == Some(Transport::ProxyConnect) || ANSWERS.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::way::Rejection;

    #[test]
    fn only_what_a_proxy_says_speaks_of_a_proxy() {
        let post = "failed to call webhook: Post \"https://istiod.istio-system.svc:443/inject?timeout=10s\": ";
        let is_of_a_proxy = |error: &str| {
            let message = format!("failed calling webhook \"a.b.c\": {error}");
            let refused = Rejection::new(message, String::new());
            super::is_of_a_proxy(&CallError::of(&refused, "a.b.c").unwrap())
        };
        for (cause, expected) in [
            (
                "proxyconnect tcp: dial tcp 172.18.0.9:3128: connect: connection refused",
                true,
            ),
            ("Service Unavailable", true),
            ("Forbidden", true),
            ("dial tcp 10.96.0.7:443: connect: connection refused", false),
            ("no endpoints available for service \"istiod\"", false),
            ("service \"istiod\" not found", false),
            ("EOF", false),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                false,
            ),
        ] {
            assert_eq!(
                is_of_a_proxy(&format!("{post}{cause}")),
                expected,
                "{cause}"
            );
        }
        for other in [
            "the server could not find the requested resource",
            "an error on the server (\"\") has prevented the request from succeeding",
        ] {
            assert!(!is_of_a_proxy(other), "{other}");
        }
    }
}
