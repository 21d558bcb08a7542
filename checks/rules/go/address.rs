//! IP addresses, alone and with what may stand around them: `net`, `net/netip`.

use super::number::{atoi, parse_uint};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", tight in "[0-9a-f:./%@\\[\\]#?]{0,24}") {
            for text in [&text, &tight] {
                let _ = (parse_addr(text), is_prefix(text), parse_ip_sloppy(text), split_host_port(text));
            }
        }
    }
}
