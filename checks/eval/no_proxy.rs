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

use super::golang::{self, Network, Url};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A parsed value of `NO_PROXY`.
///
/// Follows `config.init` and `config.useProxy` of `golang.org/x/net/http/httpproxy` (Go 1.26).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoProxy {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    text: String,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Everything,
    Network(Network),
    Address {
        ip: IpAddr,
        port: Option<String>,
    },
    /// `suffix` begins with a dot.
    Domain {
        suffix: String,
        itself: bool,
        port: Option<String>,
    },
    /// A name with characters outside ASCII, which Go would first translate by the rules of IDNA.
    International,
}

/// What `NO_PROXY` says about a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exemption<'a> {
    /// This entry (trimmed, otherwise as written) exempts the host from the proxy.
    By(&'a str),
    /// No entry exempts it.
    None,
    /// No entry is known to, but this one (or the host itself) has characters outside ASCII, and the translation of
    /// such names is not done here.
    CannotTell(&'a str),
}

impl NoProxy {
    /// Parses a comma-separated list as Go does. There are no errors: entries without a host are ignored.
    pub fn parse(list: &str) -> NoProxy {
        let entries = list
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty());
        let mut entries: Vec<Entry> = entries
            .filter_map(|text| {
                Some(Entry {
                    text: text.to_owned(),
                    rule: Rule::parse(text)?,
                })
            })
            .collect();
        // A lone asterisk makes Go forget the rest of the list.
        if let Some(everything) = entries
            .iter()
            .position(|entry| entry.rule == Rule::Everything)
        {
            entries = entries.split_off(everything);
            entries.truncate(1);
        }
        NoProxy { entries }
    }

    /// Which entry exempts this host (a name or an IP literal without brackets) and port.
    ///
    /// That loopback addresses and `localhost` never go through a proxy is not an entry: see
    /// [`webhook_goes_through_proxy`].
    pub fn exempts<'a>(&'a self, host: &'a str, port: u16) -> Exemption<'a> {
        let ip = golang::parse_addr(host).map(|address| golang::unmapped(address.ip));
        let name = golang::to_lower(host.trim());
        let (addresses, names): (Vec<_>, Vec<_>) = self
            .entries
            .iter()
            .partition(|entry| entry.rule.is_for_addresses());
        let exempting = addresses
            .iter()
            .chain(&names)
            .find(|entry| entry.rule.matches(&name, ip, port));
        if let Some(entry) = exempting {
            return Exemption::By(&entry.text);
        }
        if ip.is_some() || names.is_empty() {
            return Exemption::None;
        }
        if !host.is_ascii() {
            return Exemption::CannotTell(host);
        }
        let international = names.iter().find(|entry| entry.rule == Rule::International);
        international.map_or(Exemption::None, |entry| Exemption::CannotTell(&entry.text))
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Rule> {
        let text = golang::to_lower(text);
        if text == "*" {
            return Some(Rule::Everything);
        }
        if let Some(network) = Network::parse(&text, false) {
            return Some(Rule::Network(network));
        }
        let (host, port) = golang::split_host_port(&text).unwrap_or((&text, ""));
        let port = (!port.is_empty()).then(|| port.to_owned());
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Some(Rule::Address {
                ip: golang::unmapped(ip),
                port,
            });
        }
        if !host.is_ascii() {
            return Some(Rule::International);
        }
        let host = host
            .strip_prefix('*')
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(host);
        match host.strip_prefix('.') {
            _ if host.is_empty() => None,
            Some(_) => Some(Rule::Domain {
                suffix: host.to_owned(),
                itself: false,
                port,
            }),
            None => Some(Rule::Domain {
                suffix: format!(".{host}"),
                itself: true,
                port,
            }),
        }
    }

    fn is_for_addresses(&self) -> bool {
        matches!(self, Rule::Network(_) | Rule::Address { .. })
    }

    fn matches(&self, name: &str, ip: Option<IpAddr>, port: u16) -> bool {
        let fits = |wanted: &Option<String>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| *wanted == port.to_string())
        };
        match self {
            Rule::Everything => true,
            Rule::Network(network) => ip.is_some_and(|ip| network.contains(ip)),
            Rule::Address { ip: wanted, port } => ip == Some(*wanted) && fits(port),
            Rule::Domain {
                suffix,
                itself,
                port,
            } => {
                let same = *itself && suffix.strip_prefix('.') == Some(name);
                ip.is_none() && (name.ends_with(suffix.as_str()) || same) && fits(port)
            }
            Rule::International => false,
        }
    }
}

/// How the API server reaches a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyDecision {
    /// Without a proxy.
    Direct {
        /// Why.
        because: Because,
    },
    /// Through a proxy.
    Proxied {
        /// Scheme, host and port of the proxy: what the variable says without user, password, path and query.
        proxy: String,
        /// The variable it comes from: `HTTPS_PROXY` or `https_proxy`.
        variable: &'static str,
    },
    /// Without a proxy, though one is meant: Go ignores the variable without a word because it is not a URL.
    Invalid {
        /// The variable that cannot be read: `HTTPS_PROXY` or `https_proxy`.
        variable: &'static str,
    },
    /// A proxy is set, and whether the host is exempt depends on a name outside ASCII.
    CannotTell {
        /// Why.
        reason: String,
    },
}

/// Why a webhook is called without a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// Neither `HTTPS_PROXY` nor `https_proxy` is set to anything.
    NoProxyIsSet,
    /// The host is `localhost` or a loopback address.
    Loopback,
    /// An entry of the list of exemptions fits.
    Exempt {
        /// `NO_PROXY` or `no_proxy`.
        variable: &'static str,
        /// The entry, trimmed.
        entry: String,
    },
}

/// Whether a process with this environment, the API server, calls the HTTPS webhook at this host and port through a
/// proxy.
///
/// `host` is that of the URL: `<service>.<namespace>.svc` for a webhook with a service (the port is 443 unless
/// `clientConfig.service.port` says otherwise), or the host of `clientConfig.url` without the brackets of an IPv6
/// literal. The rules and their sources are those of the [module](self).
pub fn webhook_goes_through_proxy(
    env: &BTreeMap<String, String>,
    host: &str,
    port: u16,
) -> ProxyDecision {
    let Some((variable, proxy)) = first_set(env, ["HTTPS_PROXY", "https_proxy"]) else {
        return ProxyDecision::Direct {
            because: Because::NoProxyIsSet,
        };
    };
    let Some(proxy) = proxy_url(proxy) else {
        return ProxyDecision::Invalid { variable };
    };
    let proxied = ProxyDecision::Proxied {
        proxy: format!("{}://{}", proxy.scheme, proxy.host),
        variable,
    };
    let (list_variable, list) =
        first_set(env, ["NO_PROXY", "no_proxy"]).unwrap_or(("NO_PROXY", ""));
    let exempt = |entry: &str| ProxyDecision::Direct {
        because: Because::Exempt {
            variable: list_variable,
            entry: entry.trim().to_owned(),
        },
    };
    if let Some(entry) = sloppy_exemption(list, host) {
        return exempt(entry);
    }
    let ip = golang::parse_addr(host).map(|address| golang::unmapped(address.ip));
    if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
        return ProxyDecision::Direct {
            because: Because::Loopback,
        };
    }
    match NoProxy::parse(list).exempts(host, port) {
        Exemption::By(entry) => exempt(entry),
        Exemption::None => proxied,
        Exemption::CannotTell(name) => ProxyDecision::CannotTell {
            reason: format!(
                "{name:?} is not ASCII, and how Go compares such names is not known here"
            ),
        },
    }
}

/// The first of the variables that is set and not empty.
fn first_set<'a>(
    env: &'a BTreeMap<String, String>,
    names: [&'static str; 2],
) -> Option<(&'static str, &'a str)> {
    names.into_iter().find_map(|name| {
        env.get(name)
            .filter(|value| !value.is_empty())
            .map(|value| (name, value.as_str()))
    })
}

/// `parseProxy` of httpproxy: a URL, or a host and port to which `http://` is added.
fn proxy_url(text: &str) -> Option<Url> {
    let parsed = Url::parse(text);
    match &parsed {
        Some(url) if !url.scheme.is_empty() && !url.host.is_empty() => parsed,
        _ => Url::parse(&format!("http://{text}")).or(parsed),
    }
}

/// The CIDR that `NewProxierWithNoProxyCIDR` finds an IP literal in. Unlike Go itself it does not trim the entries.
fn sloppy_exemption<'a>(list: &'a str, host: &str) -> Option<&'a str> {
    let ip = golang::parse_ip_sloppy(host)?;
    list.split(',')
        .find(|entry| Network::parse(entry, true).is_some_and(|network| network.contains(ip)))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    const ISTIOD: &str = "istiod.istio-system.svc";

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn entries_exempt_the_service_name() {
        let table = [
            (".svc", Some(".svc")),
            ("svc", Some("svc")),
            ("*.svc", Some("*.svc")),
            (" .SVC ", Some(".SVC")),
            ("istio-system.svc", Some("istio-system.svc")),
            (ISTIOD, Some(ISTIOD)),
            ("a,.svc:443,b", Some(".svc:443")),
            (".svc:8443", None),
            (".istiod.istio-system.svc", None),
            ("*", Some("*")),
            ("10.0.0.0/8,*,.svc", Some("*")),
            (".svc.cluster.local,.cluster.local", None),
            ("10.96.0.0/12,10.96.0.10,::/0", None),
            ("0.0.0.0/0", None),
            ("vc", None),
            ("system.svc", None),
            (",:443, ,", None),
            ("", None),
        ];
        for (list, entry) in table {
            let expected = entry.map_or(Exemption::None, Exemption::By);
            assert_eq!(
                NoProxy::parse(list).exempts(ISTIOD, 443),
                expected,
                "{list:?}"
            );
        }
    }

    #[test]
    fn addresses_are_compared_with_addresses() {
        let table = [
            ("10.0.0.0/8", "10.1.2.3", Some("10.0.0.0/8")),
            ("10.1.2.3", "10.1.2.3", Some("10.1.2.3")),
            ("10.1.2.3:443", "10.1.2.3", Some("10.1.2.3:443")),
            ("10.1.2.3:80", "10.1.2.3", None),
            ("::ffff:10.1.2.3", "10.1.2.3", Some("::ffff:10.1.2.3")),
            ("[fd00::1]:443", "fd00::1", Some("[fd00::1]:443")),
            ("fd00::1", "fd00::1", Some("fd00::1")),
            ("3", "10.1.2.3", None),
            ("010.0.0.0/8", "10.1.2.3", None),
        ];
        for (list, host, entry) in table {
            let expected = entry.map_or(Exemption::None, Exemption::By);
            assert_eq!(
                NoProxy::parse(list).exempts(host, 443),
                expected,
                "{list:?} {host}"
            );
        }
    }

    #[test]
    fn names_outside_ascii_are_not_guessed() {
        assert_eq!(
            NoProxy::parse("ü.example").exempts(ISTIOD, 443),
            Exemption::CannotTell("ü.example")
        );
        assert_eq!(
            NoProxy::parse("ü.example,.svc").exempts(ISTIOD, 443),
            Exemption::By(".svc")
        );
        assert_eq!(
            NoProxy::parse("example").exempts("ü.org", 443),
            Exemption::CannotTell("ü.org")
        );
    }

    #[test]
    fn decides_like_the_api_server() {
        let proxied = |proxy: &str, variable| ProxyDecision::Proxied {
            proxy: proxy.to_owned(),
            variable,
        };
        let exempt = |variable, entry: &str| ProxyDecision::Direct {
            because: Because::Exempt {
                variable,
                entry: entry.to_owned(),
            },
        };
        let none = ProxyDecision::Direct {
            because: Because::NoProxyIsSet,
        };
        let table = [
            (vec![], ISTIOD, none.clone()),
            (
                vec![
                    ("HTTP_PROXY", "http://p:3128"),
                    ("ALL_PROXY", "http://p:3128"),
                ],
                ISTIOD,
                none.clone(),
            ),
            (vec![("HTTPS_PROXY", "")], ISTIOD, none),
            (
                vec![("HTTPS_PROXY", "http://p:3128")],
                ISTIOD,
                proxied("http://p:3128", "HTTPS_PROXY"),
            ),
            (
                vec![("https_proxy", "p:3128")],
                ISTIOD,
                proxied("http://p:3128", "https_proxy"),
            ),
            (
                vec![("HTTPS_PROXY", ""), ("https_proxy", "q")],
                ISTIOD,
                proxied("http://q", "https_proxy"),
            ),
            (
                vec![("HTTPS_PROXY", "p"), ("https_proxy", "q")],
                ISTIOD,
                proxied("http://p", "HTTPS_PROXY"),
            ),
            (
                vec![("HTTPS_PROXY", "p"), ("NO_PROXY", ".svc")],
                ISTIOD,
                exempt("NO_PROXY", ".svc"),
            ),
            (
                vec![
                    ("HTTPS_PROXY", "p"),
                    ("NO_PROXY", "x"),
                    ("no_proxy", ".svc"),
                ],
                ISTIOD,
                proxied("http://p", "HTTPS_PROXY"),
            ),
            (
                vec![("HTTPS_PROXY", "p"), ("NO_PROXY", ""), ("no_proxy", ".svc")],
                ISTIOD,
                exempt("no_proxy", ".svc"),
            ),
            (
                vec![
                    ("HTTPS_PROXY", "p"),
                    ("NO_PROXY", "10.96.0.0/12,.cluster.local"),
                ],
                ISTIOD,
                proxied("http://p", "HTTPS_PROXY"),
            ),
            (
                vec![("HTTPS_PROXY", "p"), ("NO_PROXY", "010.0.0.0/8")],
                "10.0.0.1",
                exempt("NO_PROXY", "010.0.0.0/8"),
            ),
            (
                vec![("HTTPS_PROXY", "p")],
                "127.0.0.9",
                ProxyDecision::Direct {
                    because: Because::Loopback,
                },
            ),
            (
                vec![("HTTPS_PROXY", "p")],
                "localhost",
                ProxyDecision::Direct {
                    because: Because::Loopback,
                },
            ),
            (
                vec![("HTTPS_PROXY", "p")],
                "::1",
                ProxyDecision::Direct {
                    because: Because::Loopback,
                },
            ),
            (
                vec![("HTTPS_PROXY", "p")],
                "LOCALHOST",
                proxied("http://p", "HTTPS_PROXY"),
            ),
            (
                vec![("HTTPS_PROXY", "http://p:\u{1}")],
                ISTIOD,
                ProxyDecision::Invalid {
                    variable: "HTTPS_PROXY",
                },
            ),
        ];
        for (variables, host, expected) in table {
            assert_eq!(
                webhook_goes_through_proxy(&env(&variables), host, 443),
                expected,
                "{variables:?} {host}"
            );
        }
    }

    #[test]
    fn secrets_of_the_proxy_are_never_shown() {
        for proxy in [
            "http://user:hunter2@p:3128/x?hunter2#hunter2",
            "user:hunter2@p:3128",
            "https://hunter2@p:3128",
        ] {
            let decision = webhook_goes_through_proxy(&env(&[("HTTPS_PROXY", proxy)]), ISTIOD, 443);
            assert!(
                matches!(decision, ProxyDecision::Proxied { .. }),
                "{decision:?}"
            );
            assert!(!format!("{decision:?}").contains("hunter2"), "{decision:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(proxy in "\\PC{0,40}", list in "\\PC{0,60}", host in "\\PC{0,30}", port: u16) {
            let _ = webhook_goes_through_proxy(&env(&[("HTTPS_PROXY", &proxy), ("NO_PROXY", &list)]), &host, port);
        }

        #[test]
        fn a_proxy_is_used_unless_something_exempts(list in "[a-z0-9.:/*,\\[\\] -]{0,40}") {
            let decision = webhook_goes_through_proxy(&env(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", &list)]), ISTIOD, 443);
            let exempt = matches!(NoProxy::parse(&list).exempts(ISTIOD, 443), Exemption::By(_));
            prop_assert_eq!(exempt, matches!(decision, ProxyDecision::Direct { .. }));
        }
    }
}
