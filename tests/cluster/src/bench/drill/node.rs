//! A node on which nothing runs but what answers, where the API server asks for the log of a container, in its own way.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};
use testcluster::{Api, Cluster};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Where a kubelet listens.
const PORT: u16 = 10250;

/// What a proxy says that has no configuration.
const LINE: &[u8] = b"2026-11-27T08:00:00.000000001Z Envoy proxy is NOT ready: config not received from XDS server (is Istiod running?)\n";

/// How large the log is that is sent as a whole.
const ENDLESS: usize = 1 << 30;

/// The most that injdoctor asks for.
const ASKED_FOR: usize = 64 << 10;

/// How a node answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// With ten lines.
    Well,
    /// Not at all, although it takes the connection.
    Silent,
    /// With 1 GiB, whatever was asked for.
    Endless,
    /// With as many bytes as were asked for, which are no text.
    Binary,
}

impl Log {
    pub(super) const ALL: [Self; 4] = [Self::Well, Self::Silent, Self::Endless, Self::Binary];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Silent => "silent",
            Self::Endless => "endless",
            Self::Binary => "binary",
        }
    }

    pub(super) fn node(self) -> String {
        format!("drill-{}", self.name())
    }

    fn address(self) -> Ipv4Addr {
        let last = match self {
            Self::Well => 101,
            Self::Silent => 102,
            Self::Endless => 103,
            Self::Binary => 104,
        };
        Ipv4Addr::new(172, 18, 0, last)
    }

    /// Writes the log, until whoever reads it has enough.
    async fn write(self, to: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        match self {
            Self::Well => to.write_all(&LINE.repeat(10)).await,
            Self::Silent => Ok(()),
            Self::Endless => {
                let part = LINE.repeat(500);
                for _ in 0..ENDLESS / part.len() {
                    to.write_all(&part).await?;
                }
                Ok(())
            }
            Self::Binary => {
                // Every byte, those of lines' ends among them, in an order that is no text.
                let bytes: Vec<u8> = (0..ASKED_FOR).map(|at| ((at * at) >> 3) as u8).collect();
                to.write_all(&bytes).await
            }
        }
    }
}

/// Makes the node, as a likeness of the cluster's own, and answers from now on.
pub(super) fn start(cluster: &Cluster, log: Log) -> Result<()> {
    serve(log)?;
    make(cluster.api(), log)
}

fn make(api: Api, log: Log) -> Result<()> {
    let mut node = api.get("/api/v1/nodes/test")?;
    let mut put = |pointer: &str, value: Value| -> Result<()> {
        *node.pointer_mut(pointer).context("a node's field")? = value;
        Ok(())
    };
    put("/metadata", json!({"name": log.node()}))?;
    put("/spec", json!({}))?;
    put(
        "/status/addresses",
        json!([{"type": "InternalIP", "address": log.address()}]),
    )?;
    api.create("/api/v1/nodes", &node)?;
    Ok(())
}

fn serve(log: Log) -> Result<()> {
    let address = SocketAddr::from((log.address(), PORT));
    let acceptor = acceptor(log.node())?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = runtime
        .block_on(TcpListener::bind(address))
        .with_context(|| format!("cannot listen at {address}"))?;
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Whoever ends a connection has its reasons.
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        let _ = answer(log, &mut stream).await;
                    }
                });
            }
        });
    });
    Ok(())
}

/// Answers one request. That of a log has no body, and comes in one piece.
async fn answer(
    log: Log,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> std::io::Result<()> {
    let mut request = [0; 4096];
    while stream.read(&mut request).await? > 0 {
        if log == Log::Silent {
            continue;
        }
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n";
        stream.write_all(head).await?;
        log.write(stream).await?;
        return stream.shutdown().await;
    }
    Ok(())
}

/// The API server asks no kubelet for the certificate of a known authority unless it is told to.
fn acceptor(name: String) -> Result<TlsAcceptor> {
    let own = generate_simple_self_signed([name])?;
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der());
    let key = key.map_err(|why| anyhow::anyhow!("the key of a certificate: {why}"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)?;
    Ok(Arc::new(config).into())
}
