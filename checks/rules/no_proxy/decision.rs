//! The decision about one webhook.

use super::{Exemption, NoProxy, ip_of};
use crate::rules::go::{self, Network, Url};
use std::collections::BTreeMap;

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
/// literal. The rules and their sources are those of the [module](super).
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
    let ip = ip_of(host);
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
    let ip = go::parse_ip_sloppy(host)?;
    list.split(',')
        .find(|entry| Network::parse(entry, true).is_some_and(|network| network.contains(ip)))
}

#[cfg(test)]
mod tests {
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
