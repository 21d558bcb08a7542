//! Whether the way to the API server leads through a proxy, as kubectl decides it.

use std::collections::BTreeMap;

use injdoctor_checks::rules::no_proxy::{ProxyDecision, webhook_goes_through_proxy};

/// The proxy's address: the kubeconfig's `proxy-url`, or the environment's.
///
/// kubectl and the API server share client-go and so the rules of the environment. `proxy-url` wins
/// over all of them, NO_PROXY included.
pub fn choose(
    proxy_url: Option<&str>,
    host: &str,
    port: u16,
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    if let Some(url) = proxy_url.filter(|url| !url.is_empty()) {
        return Some(url.to_owned());
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ProxyDecision::Proxied { variable, .. } =
        webhook_goes_through_proxy(environment, host, port)
    else {
        return None;
    };
    let url = environment.get(variable)?;
    if url.contains("://") {
        return Some(url.clone());
    }
    Some(format!("http://{url}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_what_no_proxy_is_compared_with() {
        let proxy = Some("http://proxy:3128");
        let table = [
            (None, "api.example.com", vec![], None),
            (
                None,
                "api.example.com",
                vec![("HTTPS_PROXY", "http://proxy:3128")],
                proxy,
            ),
            (
                None,
                "api.example.com",
                vec![("https_proxy", "proxy:3128")],
                proxy,
            ),
            (
                None,
                "api.example.com",
                vec![
                    ("HTTPS_PROXY", "proxy:3128"),
                    ("NO_PROXY", "a,,.example.com,"),
                ],
                None,
            ),
            (
                None,
                "10.0.0.1",
                vec![("HTTPS_PROXY", "proxy:3128"), ("no_proxy", "10.0.0.0/8")],
                None,
            ),
            (
                None,
                "10.0.0.1",
                vec![("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", "proxy")],
                proxy,
            ),
            (None, "[::1]", vec![("HTTPS_PROXY", "proxy:3128")], None),
            (None, "10.0.0.1", vec![("HTTP_PROXY", "proxy:3128")], None),
            (proxy, "10.0.0.1", vec![("NO_PROXY", "*")], proxy),
            (Some(""), "10.0.0.1", vec![], None),
        ];
        for (proxy_url, host, environment, expected) in table {
            let environment = environment
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let chosen = choose(proxy_url, host, 443, &environment);
            assert_eq!(chosen.as_deref(), expected, "{host} {environment:?}");
        }
    }
}
