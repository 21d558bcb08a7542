//! One entry of the list.

use crate::rules::go::{self, Network};
use std::net::IpAddr;

/// What an entry exempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
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

impl Rule {
    /// The rule in an entry; `None` if it has no host, so that Go ignores it.
    pub(super) fn parse(text: &str) -> Option<Rule> {
        let text = go::to_lower(text);
        if text == "*" {
            return Some(Rule::Everything);
        }
        if let Some(network) = Network::parse(&text, false) {
            return Some(Rule::Network(network));
        }
        let (host, port) = go::split_host_port(&text).unwrap_or((&text, ""));
        let port = (!port.is_empty()).then(|| port.to_owned());
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Some(Rule::Address {
                ip: go::unmapped(ip),
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

    /// Go compares addresses before names.
    pub(super) fn is_for_addresses(&self) -> bool {
        matches!(self, Rule::Network(_) | Rule::Address { .. })
    }

    /// Whether it exempts the host, which is the address `ip` or else has this name in lower case.
    pub(super) fn matches(&self, name: &str, ip: Option<IpAddr>, port: u16) -> bool {
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
