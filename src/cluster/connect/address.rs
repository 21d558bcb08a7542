//! The API server's address, as client-go reads it.

use http::Uri;
use kube::config::Cluster;
use percent_encoding::percent_decode_str;

/// Where the API server is, and whom the address says to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// The address without user and password.
    pub url: Uri,
    /// User and password; Go sends them rather than any other credentials.
    pub user: Option<(String, String)>,
}

/// Reads the address of a cluster. What goes wrong is told without a password that may be in it.
pub fn of(cluster: &Cluster) -> Result<Address, String> {
    let text = with_scheme(cluster).ok_or("it is empty")?;
    let (scheme, rest) = text.split_once("://").ok_or("it has no scheme")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let plain = format!("{scheme}://{host}{path}");
    // A password with a slash in it ends up behind the host.
    let shown = plain.rsplit_once('@').map_or(&*plain, |(_, end)| end);
    if host.is_empty() {
        return Err(format!("{shown:?}: it names no host"));
    }
    let url: Uri = plain
        .parse()
        .map_err(|error| format!("{shown:?}: {error}"))?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err(format!("{shown:?}: its scheme is neither https nor http"));
    }
    if url.host().is_none_or(str::is_empty) {
        return Err(format!("{shown:?}: it names no host"));
    }
    let port = host.rsplit_once(']').map_or(host, |(_, port)| port);
    let port = port.rsplit_once(':').map_or("", |(_, port)| port);
    if !port.is_empty() && url.port_u16().is_none() {
        return Err(format!("{shown:?}: its port is no number"));
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = user.map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        (decode(name), decode(password))
    });
    Ok(Address { url, user })
}

/// client-go takes an address without a scheme, too: `DefaultServerURL` in `k8s.io/client-go/rest/url_utils.go`.
fn with_scheme(cluster: &Cluster) -> Option<String> {
    let server = cluster
        .server
        .as_deref()
        .filter(|server| !server.is_empty())?;
    if server.contains("://") {
        return Some(server.to_owned());
    }
    let by_tls = cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || cluster.insecure_skip_tls_verify == Some(true);
    let scheme = if by_tls { "https" } else { "http" };
    Some(format!("{scheme}://{server}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster(fields: serde_json::Value) -> Cluster {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn an_address_without_a_scheme_gets_one() {
        let table = [
            (
                json!({"server": "https://a:6443/k8s/x"}),
                "https://a:6443/k8s/x",
            ),
            (json!({"server": "10.0.0.1:8080"}), "http://10.0.0.1:8080/"),
            (
                json!({"server": "https://[::1]:6443"}),
                "https://[::1]:6443/",
            ),
            (json!({"server": "https://[::1]"}), "https://[::1]/"),
            (
                json!({"server": "a", "certificate-authority": "/ca"}),
                "https://a/",
            ),
        ];
        for (fields, expected) in table {
            let address = of(&cluster(fields)).unwrap();
            assert_eq!(address.url.to_string(), expected);
            assert_eq!(address.user, None);
        }
    }

    #[test]
    fn user_and_password_are_taken_out() {
        let table = [
            (
                "https://me:hush@a:6443/x",
                "https://a:6443/x",
                ("me", "hush"),
            ),
            ("https://me@a", "https://a/", ("me", "")),
            ("https://me:h%2Fu%40sh@a", "https://a/", ("me", "h/u@sh")),
            ("me:hush@a", "http://a/", ("me", "hush")),
        ];
        for (server, url, (user, password)) in table {
            let address = of(&cluster(json!({"server": server}))).unwrap();
            assert_eq!(address.url.to_string(), url, "{server}");
            let expected = Some((user.to_owned(), password.to_owned()));
            assert_eq!(address.user, expected, "{server}");
        }
    }

    #[test]
    fn what_is_no_address_is_said_without_the_password() {
        let table = [
            ("", "it is empty"),
            ("https://a b", "https://a b"),
            ("https://me:hush@a b", "a b"),
            ("https://me:hu/sh@a", "\"a\": its port is no number"),
            ("https://me:hush@", "it names no host"),
            ("ftp://me:hush@a", "neither https nor http"),
        ];
        for (server, expected) in table {
            let error = of(&cluster(json!({"server": server}))).unwrap_err();
            assert!(error.contains(expected), "{server}: {error}");
            assert!(!error.contains("hu"), "{server}: {error}");
        }
    }
}
