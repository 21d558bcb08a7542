//! The addresses of other servers.

use crate::rules::go;

/// `ValidateProxyAddress`: a host name or an IP address, and a port.
pub(super) fn complaint(name: &str, address: &str) -> Option<String> {
    let Some((host, port)) = go::split_host_port(address) else {
        return Some(format!("{name} is {address:?}, not host:port"));
    };
    if !go::atoi(port).is_some_and(|port| (1..=65_535).contains(&port)) {
        return Some(format!(
            "the port in {name} is {port:?}, not a number from 1 to 65535"
        ));
    }
    let sound = is_host_name(host) || go::parse_addr(host).is_some();
    (!sound)
        .then(|| format!("the host in {name} is {host:?}, neither a host name nor an IP address"))
}

/// `ValidateFQDN`: labels of DNS, of which the last is no number and may be empty.
fn is_host_name(name: &str) -> bool {
    let (front, last) = match name.rsplit_once('.') {
        Some((front, last)) => (Some(front), last),
        None => (None, name),
    };
    let last_fits =
        go::atoi(last).is_none() && (is_label(last) || (last.is_empty() && front.is_some()));
    name.len() <= 255 && last_fits && front.is_none_or(|front| front.split('.').all(is_label))
}

fn is_label(label: &str) -> bool {
    let edge = |character: char| character.is_ascii_alphanumeric();
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    label.len() <= 63
        && label.starts_with(edge)
        && label.ends_with(edge)
        && label.bytes().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_have_names_of_dns_or_addresses() {
        for address in [
            "a:1",
            "a.b.:1",
            "1.a:65535",
            "10.0.0.1:15012",
            "[::1]:15012",
        ] {
            assert_eq!(complaint("x", address), None, "{address}");
        }
        for address in [
            "a", "a:0", "a:x", "a..b:1", "a.1:1", "-a:1", "a_b:1", ":1", ".:1",
        ] {
            assert!(complaint("x", address).is_some(), "{address}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = complaint("x", &text);
        }
    }
}
