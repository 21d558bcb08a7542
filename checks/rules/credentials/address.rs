//! URLs, their paths, and images.

use super::REDACTED;

/// A URL without its user and password.
pub fn without_user(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{REDACTED}@{host}{path}"),
        None => url.to_owned(),
    }
}

/// A URL with scheme, host and port, and of its path what [`path`] leaves. What has other characters is none.
pub fn url(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-:[]/@_".contains(c);
    let text = without_user(text);
    let start = text.find("://").map_or(0, |at| at + 3);
    let host = text.get(start..).unwrap_or_default();
    let end = host.find(['/', '?', '#']).unwrap_or(host.len());
    let (before, after) = text.split_at_checked(start + end).unwrap_or((&text, ""));
    match before.chars().all(fits) {
        true => format!("{before}{}", path(after)),
        false => REDACTED.to_owned(),
    }
}

/// The path of a webhook: of istiod's all of it, as it names nothing but cluster and network; of others the first
/// step, where it is a plain word. A query is replaced.
pub fn path(text: &str) -> String {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (path, query) = text.split_at_checked(end).unwrap_or((text, ""));
    let query = match query.chars().next() {
        Some(mark) => format!("{mark}{REDACTED}"),
        None => String::new(),
    };
    let mut steps = path.split('/').skip(1);
    let first = steps.next().unwrap_or_default();
    let is_plain = first.len() <= 32 && first.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    let is_istiods = matches!(first, "inject" | "validate");
    let path = match (is_istiods, is_plain, steps.next().is_some()) {
        _ if !path.is_empty() && !path.starts_with('/') => REDACTED.to_owned(),
        (true, ..) | (_, true, false) => path.to_owned(),
        (_, true, true) => format!("/{first}/{REDACTED}"),
        (_, false, _) => format!("/{REDACTED}"),
    };
    format!("{path}{query}")
}

/// The hosts, addresses and ranges of a list of exemptions from a proxy; nothing else can be exempt.
pub fn exemptions(list: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || ".-_:*/[] ".contains(c);
    let entries = list.split(',').map(|entry| match entry.chars().all(fits) {
        true => entry,
        false => REDACTED,
    });
    entries.collect::<Vec<_>>().join(",")
}

/// An image: registry, repository, tag and digest. What has other characters is none.
pub fn image(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@[]".contains(c);
    if !text.chars().all(fits) {
        return REDACTED.to_owned();
    }
    let (name, digest) = match text.rsplit_once('@') {
        Some((name, digest)) if digest.starts_with("sha") => (name, Some(digest)),
        _ => (text, None),
    };
    let name = match name.rsplit_once('@') {
        Some((_, name)) => format!("{REDACTED}@{name}"),
        None => name.to_owned(),
    };
    match digest {
        Some(digest) => format!("{name}@{digest}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_without_users_and_queries() {
        for (text, expected) in [
            (
                "https://u:p@h:8443/inject?x=y",
                "https://REDACTED@h:8443/inject?REDACTED",
            ),
            ("https://h", "https://h"),
            ("https://h/", "https://h/"),
            (
                "https://h/inject/cluster/c1/net/n1",
                "https://h/inject/cluster/c1/net/n1",
            ),
            ("https://h/hook/k1s2", "https://h/hook/REDACTED"),
            ("https://h/k1s2", "https://h/REDACTED"),
            ("https://h?token=x", "https://h?REDACTED"),
        ] {
            assert_eq!(url(text), expected);
        }
    }

    #[test]
    fn only_what_can_be_exempt_passes() {
        let list = "10.0.0.0/8, .svc,u:p@h,*";
        assert_eq!(exemptions(list), "10.0.0.0/8, .svc,REDACTED,*");
    }

    #[test]
    fn images_go_without_users() {
        for (text, expected) in [
            ("istio/pilot:1.31.0", "istio/pilot:1.31.0"),
            ("u:p@r:5000/pilot:1", "REDACTED@r:5000/pilot:1"),
            ("pilot:1@sha256:0123", "pilot:1@sha256:0123"),
            ("PASSWORD=p", "REDACTED"),
            ("u@p@r/pilot@sha256:0123", "REDACTED@r/pilot@sha256:0123"),
        ] {
            assert_eq!(image(text), expected);
        }
    }
}
