//! The list of exemptions from the proxy.

use super::entry::Rule;
use super::ip_of;
use crate::rules::go;

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
    /// [`webhook_goes_through_proxy`](super::webhook_goes_through_proxy).
    pub fn exempts<'a>(&'a self, host: &'a str, port: u16) -> Exemption<'a> {
        let ip = ip_of(host);
        let name = go::to_lower(host.trim());
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

#[cfg(test)]
mod tests {
    use super::*;

    const ISTIOD: &str = "istiod.istio-system.svc";

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
}
