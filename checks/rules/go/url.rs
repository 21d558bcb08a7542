//! URLs: `net/url`.

use std::net::Ipv6Addr;

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
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", tight in "[0-9a-f:./%@\\[\\]#?]{0,24}") {
            let _ = (Url::parse(&text), Url::parse(&tight));
        }
    }
}
