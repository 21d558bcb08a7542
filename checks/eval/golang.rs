//! The parsers of Go's standard library on which the answers of istiod and the API server rest, where Rust's own
//! differ from them (Go 1.26: `strconv`, `net`, `net/netip`, `net/url`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The boolean that `strconv.ParseBool` reads, or `None` where it returns an error.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `strconv.ParseUint(text, 10, …)` for a number up to `max`: decimal digits alone, without a sign, a space or an
/// underscore. Leading zeros are allowed.
pub(crate) fn parse_uint(text: &str, max: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse::<u64>().ok())
        .flatten()
        .filter(|number| *number <= max)
}

/// `strconv.Atoi`: an optional sign and decimal digits within 64 bits.
pub(crate) fn atoi(text: &str) -> Option<i64> {
    // Rust's parser of signed numbers takes exactly the same texts: one sign of either kind, digits, no underscore.
    text.parse::<i64>().ok()
}

/// An IP address with the zone that only `netip.ParseAddr` lets follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// The address itself, as written: an IPv4-mapped IPv6 address stays an IPv6 address.
    pub(crate) ip: IpAddr,
    /// What follows `%`, for IPv6 only.
    pub(crate) zone: Option<&'a str>,
}

/// `netip.ParseAddr`: IPv4 without leading zeros, IPv6 with an optional non-empty zone.
pub(crate) fn parse_addr(text: &str) -> Option<Address<'_>> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    match zone {
        None => text.parse::<IpAddr>().ok().map(|ip| Address { ip, zone }),
        Some("") => None,
        Some(_) => address.parse::<Ipv6Addr>().ok().map(|ip| Address {
            ip: IpAddr::V6(ip),
            zone,
        }),
    }
}

/// Whether `netip.ParsePrefix` takes the text: an address without a zone, a slash and a length without leading zeros
/// that fits the family. Bits behind the length are allowed.
pub(crate) fn is_prefix(text: &str) -> Result<(), &'static str> {
    let Some((address, bits)) = text.rsplit_once('/') else {
        return Err("it has no '/'");
    };
    let Some(address) = parse_addr(address) else {
        return Err("what stands before the '/' is not an IP address");
    };
    if address.zone.is_some() {
        return Err("an IPv6 zone cannot be part of a prefix");
    }
    if bits.len() > 1 && !bits.starts_with(|first: char| ('1'..='9').contains(&first)) {
        return Err("what follows the '/' is not a plain number");
    }
    let most = if address.ip.is_ipv4() { 32 } else { 128 };
    match atoi(bits) {
        None => Err("what follows the '/' is not a plain number"),
        Some(bits) if !(0..=most).contains(&bits) => Err("the prefix length is out of range"),
        Some(_) => Ok(()),
    }
}

/// An IPv4-mapped IPv6 address as the IPv4 address it stands for: `net.IP` compares them as equal.
pub(crate) fn unmapped(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// `ParseIPSloppy` of k8s.io/utils/net: like `net.ParseIP`, but the octets of an IPv4 address may have leading zeros.
pub(crate) fn parse_ip_sloppy(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().or_else(|| {
        let mut octets = text
            .split('.')
            .map(|octet| parse_uint(octet, 255).and_then(|octet| u8::try_from(octet).ok()));
        let four = [
            octets.next()??,
            octets.next()??,
            octets.next()??,
            octets.next()??,
        ];
        octets
            .next()
            .is_none()
            .then(|| IpAddr::V4(Ipv4Addr::from(four)))
    })
}

/// A network as `net.ParseCIDR` reads it, bits behind the prefix cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    start: IpAddr,
    length: u8,
}

impl Network {
    /// `net.ParseCIDR`; with `sloppy`, `ParseCIDRSloppy` of k8s.io/utils/net.
    pub(crate) fn parse(text: &str, sloppy: bool) -> Option<Network> {
        let (address, bits) = text.split_once('/')?;
        let ip = if sloppy {
            parse_ip_sloppy(address)?
        } else {
            address.parse::<IpAddr>().ok()?
        };
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let length = u8::try_from(parse_uint(bits, most)?).ok()?;
        let start = masked(ip, length);
        Some(match (ip, unmapped(start)) {
            // An IPv4-mapped network is compared by its last four bytes.
            (IpAddr::V6(_), v4 @ IpAddr::V4(_)) => Network {
                start: v4,
                length: length.saturating_sub(96),
            },
            _ => Network { start, length },
        })
    }

    /// `IPNet.Contains`.
    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        let ip = unmapped(ip);
        ip.is_ipv4() == self.start.is_ipv4() && masked(ip, self.length) == self.start
    }
}

/// The address with all bits behind the first `length` cleared.
fn masked(ip: IpAddr, length: u8) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32_u32.saturating_sub(length.into()))
                .unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(length.into()))
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
        }
    }
}

/// `net.SplitHostPort`: `host:port`, `[host]:port` and `[host%zone]:port`.
pub(crate) fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let (before, port) = text.rsplit_once(':')?;
    let host = match before.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .filter(|inner| !inner.contains(']'))?,
        None if before.contains(':') => return None,
        None => before,
    };
    let stray = host.contains('[')
        || port.contains(['[', ']'])
        || (!before.starts_with('[') && host.contains(']'));
    (!stray).then_some((host, port))
}

/// Lower case as `strings.ToLower` does it: one character for one character.
pub(crate) fn to_lower(text: &str) -> String {
    text.chars()
        .map(|character| character.to_lowercase().next().unwrap_or(character))
        .collect()
}

/// What is kept of a URL that `net/url.Parse` accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// In lower case; empty if there is none.
    pub(crate) scheme: String,
    /// Host and port as written, without the user; may be empty.
    pub(crate) host: String,
}

impl Url {
    /// `net/url.Parse` of Go 1.26, or `None` where it returns an error.
    pub(crate) fn parse(text: &str) -> Option<Url> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) || !well_escaped(fragment) {
            return None;
        }
        let (scheme, rest) = split_scheme(text)?;
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split_once('?').map_or(rest, |(path, _query)| path);
        if !rest.starts_with('/') {
            let segment = rest.split('/').next().unwrap_or(rest);
            let relative = scheme.is_empty();
            return (!relative || (!segment.contains(':') && well_escaped(rest))).then_some(Url {
                scheme,
                host: String::new(),
            });
        }
        let authority = rest
            .strip_prefix("//")
            .filter(|_| !scheme.is_empty() || !rest.starts_with("///"));
        let Some(authority) = authority else {
            return well_escaped(rest).then_some(Url {
                scheme,
                host: String::new(),
            });
        };
        let (authority, path) = authority
            .find('/')
            .map_or((authority, ""), |at| authority.split_at(at));
        let (user, host) = authority
            .rsplit_once('@')
            .map_or((None, authority), |(user, host)| (Some(user), host));
        let sound = user.is_none_or(is_userinfo) && well_escaped(path) && is_host(&scheme, host);
        sound.then(|| Url {
            scheme,
            host: host.to_owned(),
        })
    }
}

/// The scheme and what follows its colon; no scheme is an empty one, a colon at the very start is an error.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_alphanumeric() && !"+-.".contains(character));
    let begins_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
    match end.map(|end| text.split_at(end)) {
        Some(("", rest)) if rest.starts_with(':') => None,
        Some((scheme, rest)) if begins_well && rest.starts_with(':') => {
            Some((scheme, rest.strip_prefix(':').unwrap_or(rest)))
        }
        _ => Some(("", text)),
    }
}

/// Whether every `%` is followed by two hexadecimal digits.
fn well_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        let mut hex = || digits.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        hex() && hex()
    })
}

fn is_userinfo(text: &str) -> bool {
    well_escaped(text)
        && text.chars().all(|character| {
            character.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(character)
        })
}

/// Whether `parseHost` takes the host, with its port, of a URL with this scheme.
fn is_host(scheme: &str, host: &str) -> bool {
    if host.rfind('[').is_some_and(|at| at > 0) {
        return false;
    }
    if let Some(literal) = host.strip_prefix('[') {
        let Some((name, port)) = literal.rsplit_once(']') else {
            return false;
        };
        let (address, zone) = name
            .split_once("%25")
            .map_or((name, None), |(address, zone)| (address, Some(zone)));
        let zone_fits = zone
            .is_none_or(|zone| !zone.is_empty() && well_escaped(zone) && is_host_text(zone, true));
        return is_optional_port(port) && zone_fits && address.parse::<Ipv6Addr>().is_ok();
    }
    let colon = if matches!(scheme, "http" | "https") {
        host.find(':')
    } else {
        host.rfind(':')
    };
    let port = colon.map_or("", |at| host.split_at(at).1);
    is_optional_port(port) && is_host_text(host, false)
}

fn is_optional_port(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether `unescape` leaves a host alone: no ASCII character that a host cannot have, and `%` only before the hex of
/// a non-ASCII byte (or before `25`).
fn is_host_text(text: &str, zone: bool) -> bool {
    let plain = |character: char| {
        !character.is_ascii()
            || character.is_ascii_alphanumeric()
            || "-_.~!$&'()*+,;=:[]<>\"%".contains(character)
    };
    let escaped =
        |after: &str| zone || after.starts_with("25") || after.starts_with(|c: char| c > '7');
    text.chars().all(plain) && well_escaped(text) && text.split('%').skip(1).all(escaped)
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

    #[test]
    fn booleans_are_those_of_strconv() {
        for text in ["1", "t", "T", "true", "TRUE", "True"] {
            assert_eq!(parse_bool(text), Some(true), "{text:?}");
        }
        for text in ["0", "f", "F", "false", "FALSE", "False"] {
            assert_eq!(parse_bool(text), Some(false), "{text:?}");
        }
        for text in ["", "yes", "tRUE", "True ", " 1", "on"] {
            assert_eq!(parse_bool(text), None, "{text:?}");
        }
    }

    #[test]
    fn unsigned_numbers_are_those_of_strconv() {
        for (text, number) in [
            ("0", Some(0)),
            ("00080", Some(80)),
            ("65535", Some(65_535)),
            ("65536", None),
            ("+1", None),
            ("-1", None),
            ("", None),
            (" 1", None),
            ("1_0", None),
            ("0x10", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(parse_uint(text, u64::from(u16::MAX)), number, "{text:?}");
        }
    }

    #[test]
    fn prefixes_are_those_of_netip() {
        for text in [
            "10.0.0.0/8",
            "10.1.2.3/8",
            "0.0.0.0/0",
            "::/0",
            "fe80::1/64",
            "::ffff:1.2.3.4/96",
            "1.2.3.4/32",
        ] {
            assert_eq!(is_prefix(text), Ok(()), "{text:?}");
        }
        for text in [
            "",
            "10.0.0.1",
            "10.0.0.0/",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/33",
            " 10.0.0.0/8",
            "10.0.0.0/8 ",
            "fe80::1%eth0/64",
            "010.0.0.0/8",
            "10.0.0/8",
            "/8",
            "::/129",
            "::/-1",
            "*",
            "10.0.0.0/8/8",
        ] {
            assert!(is_prefix(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn hosts_and_ports_split_as_in_go() {
        for (text, split) in [
            ("a:1", Some(("a", "1"))),
            ("[::1]:80", Some(("::1", "80"))),
            (":1", Some(("", "1"))),
            ("a:", Some(("a", ""))),
            ("::1", None),
            ("a", None),
            ("[::1]", None),
            ("[::1]80", None),
            ("[a]b:1", None),
            ("a[b:1", None),
            ("a]b:1", None),
            ("a:[1", None),
            ("[]:1", Some(("", "1"))),
            ("[a]]:1", None),
            ("", None),
        ] {
            assert_eq!(split_host_port(text), split, "{text:?}");
        }
    }

    #[test]
    fn networks_contain_what_go_says() {
        for (network, ip, contains) in [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.9.9.9/08", "10.1.2.3", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("::/0", "10.0.0.1", false),
            ("::ffff:10.0.0.0/104", "10.3.3.3", true),
            ("fd00::/8", "fd12::1", true),
            ("0.0.0.0/0", "1.1.1.1", true),
            ("::ffff:0:0/90", "1.1.1.1", false),
        ] {
            let network = Network::parse(network, false).unwrap();
            assert_eq!(
                network.contains(ip.parse().unwrap()),
                contains,
                "{network:?} {ip}"
            );
        }
        assert_eq!(Network::parse("010.0.0.0/8", false), None);
        assert!(Network::parse("010.0.0.0/8", true).is_some());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = (parse_bool(&text), parse_uint(&text, u64::MAX), atoi(&text), parse_addr(&text), is_prefix(&text));
            let _ = (Network::parse(&text, true), split_host_port(&text), Url::parse(&text), to_lower(&text));
        }

        #[test]
        fn never_panics_on_addresses(text in "[0-9a-f:./%@\\[\\]#?]{0,24}") {
            let _ = (parse_addr(&text), is_prefix(&text), parse_ip_sloppy(&text));
            let _ = (Network::parse(&text, false), split_host_port(&text), Url::parse(&text));
        }
    }
}
