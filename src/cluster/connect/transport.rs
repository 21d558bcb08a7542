//! The HTTP client below kube's: HTTP/2 where the server has it, and no waiting for packets to fill.
//!
//! kube's own stack speaks HTTP/1.1 only, so that each request under way takes a connection and a
//! handshake, and leaves Nagle's algorithm on, which costs 40 ms on each connection that is resumed.

use std::time::Duration;

use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use tower::{BoxError, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use crate::cluster::read::words;

/// A client for the server of a configuration, through a proxy where one is given.
pub fn client(
    config: &Config,
    proxy: Option<&str>,
    connect_timeout: Option<Duration>,
) -> Result<Client, String> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(connect_timeout);
    let Some(proxy) = proxy else {
        return over(config, tcp);
    };
    // The address may hold a password, so the error does not repeat it.
    let unusable = "the address of its proxy cannot be used; write it like http://HOST:PORT, with http, https or socks5";
    let proxy = Matcher::builder()
        .all(proxy)
        .build()
        .intercept(&config.cluster_url)
        .ok_or(unusable)?;
    let url = proxy.uri().clone();
    let (basic, raw) = (proxy.basic_auth().cloned(), proxy.raw_auth());
    match (url.scheme_str(), basic, raw) {
        (Some("http"), None, _) => over(config, Tunnel::new(url, tcp)),
        (Some("http"), Some(user), _) => over(config, Tunnel::new(url, tcp).with_auth(user)),
        (Some("https"), user, _) => {
            let tls = config.rustls_https_connector_with_connector(tcp);
            let tunnel = Tunnel::new(url, tls.map_err(|error| words(&error))?);
            match user {
                Some(user) => over(config, tunnel.with_auth(user)),
                None => over(config, tunnel),
            }
        }
        (Some("socks5" | "socks5h"), _, None) => over(config, SocksV5::new(url, tcp)),
        (Some("socks5" | "socks5h"), _, Some((user, password))) => {
            let socks = SocksV5::new(url, tcp);
            over(
                config,
                socks.with_auth(user.to_owned(), password.to_owned()),
            )
        }
        _ => Err(unusable.to_owned()),
    }
}

/// Puts TLS, HTTP and kube's layers on top of a connector.
fn over<C>(config: &Config, connector: C) -> Result<Client, String>
where
    C: tower::Service<http::Uri> + Clone + Send + Sync + 'static,
    hyper_rustls::HttpsConnector<C>: Connect + Clone + Send + Sync + 'static,
{
    let kube = |error: kube::Error| words(&error);
    let mut tls = HttpsConnectorBuilder::new()
        .with_tls_config(config.rustls_client_config().map_err(kube)?)
        .https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name
            .clone()
            .try_into()
            .map_err(|_| format!("tls-server-name {name:?} is not a name"))?;
        tls = tls.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = tls.enable_http1().enable_http2().wrap_connector(connector);
    let http = legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(DecompressionLayer::new().gzip(!config.disable_compression))
        .option_layer(config.auth_layer().map_err(kube)?)
        .layer(config.extra_headers_layer().map_err(kube)?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}
