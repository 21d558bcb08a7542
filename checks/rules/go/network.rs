//! Networks in the notation of CIDR: `net.IPNet`.

use super::address::{parse_ip_sloppy, unmapped};
use super::number::parse_uint;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

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
        fn never_panics(text in "\\PC*", tight in "[0-9a-f:./%@\\[\\]#?]{0,24}") {
            for text in [&text, &tight] {
                let _ = (Network::parse(text, true), Network::parse(text, false));
            }
        }
    }
}
