//! A bare download, as quick as a program can be that does nothing with what it reads: all lists at once, in pages, over
//! kube's client.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use futures::future::try_join_all;
use http::header::ACCEPT;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt as _};
use kube::{Client, Config};
use tokio::runtime::Runtime;
use tower::{BoxError, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

const JSON: &str = "application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// How many objects a page has.
const PAGE: usize = 500;

/// Where in a page the token of the next one is looked for: the metadata of a list come before its items.
const HEAD: usize = 4096;

/// Downloads each of these, a form and a path like `metadata:/api/v1/pods`, and says how much that was.
pub(crate) fn run(wanted: &[String]) -> Result<ExitCode> {
    let bytes = Runtime::new()?.block_on(async {
        let client = client().await?;
        let sizes = try_join_all(wanted.iter().map(|one| fetch(&client, one))).await?;
        anyhow::Ok(sizes.iter().sum::<usize>())
    })?;
    writeln!(io::stdout(), "{bytes} bytes")?;
    Ok(ExitCode::SUCCESS)
}

/// kube's own, but for its waiting until a packet is full.
async fn client() -> Result<Client> {
    let config = Config::infer().await?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let tls = config.rustls_https_connector_with_connector(tcp)?;
    let http = legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(tls);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(DecompressionLayer::new())
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace))
}

async fn fetch(client: &Client, wanted: &str) -> Result<usize> {
    let (form, path) = wanted.split_once(':').context("not FORM:PATH")?;
    match form {
        "object" => Ok(get(client, path, JSON).await?.len()),
        "list" => pages(client, path, JSON).await,
        "metadata" => pages(client, path, METADATA).await,
        _ => bail!("{form} is neither object nor list nor metadata"),
    }
}

async fn pages(client: &Client, path: &str, form: &str) -> Result<usize> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let first = format!("{path}{separator}limit={PAGE}");
    let mut next = first.clone();
    let mut bytes = 0;
    loop {
        let page = get(client, &next, form).await?;
        bytes += page.len();
        match token(&page) {
            Some(token) => next = format!("{first}&continue={token}"),
            None => return Ok(bytes),
        }
    }
}

async fn get(client: &Client, path: &str, form: &str) -> Result<String> {
    let request = http::Request::get(path)
        .header(ACCEPT, form)
        .body(Vec::new())?;
    let answer = client.request_text(request).await;
    answer.with_context(|| format!("cannot get {path}"))
}

/// The token of the next page.
fn token(page: &str) -> Option<&str> {
    let head = page.get(..HEAD).unwrap_or(page);
    let (_, rest) = head.split_once("\"continue\":\"")?;
    let (token, _) = rest.split_once('"')?;
    (!token.is_empty()).then_some(token)
}
