//! The connections of clients: TLS, HTTP/1.1 or HTTP/2, and what a fault does to them.

use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::body::{Body, respond, whole};
use super::document::DocumentFault;
use super::fault::{Disturbance, Fault, Protocol, Times};
use super::line::Strike;
use super::read::{Exchange, Pages, Read};
use super::upstream::{Genuine, Upstream};
use crate::certificates::Certificate;

/// How long a server that goes away stays to be heard.
const FAREWELL: Duration = Duration::from_millis(100);

/// How the proxies prove who they are, in either protocol.
#[derive(Clone)]
pub(super) struct Tls {
    http1: TlsAcceptor,
    http2: TlsAcceptor,
}

/// What ends the TLS of clients that speak a protocol.
pub(crate) fn acceptor(certificate: &Certificate, protocol: &[u8]) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(&certificate.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&certificate.key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain.collect::<Result<_, _>>()?, key)?;
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config).into())
}

impl Tls {
    pub(super) fn with(certificate: &Certificate) -> Result<Self> {
        Ok(Self {
            http1: acceptor(certificate, b"http/1.1")?,
            http2: acceptor(certificate, b"h2")?,
        })
    }

    fn of(&self, protocol: Protocol) -> &TlsAcceptor {
        match protocol {
            Protocol::Http1 => &self.http1,
            Protocol::Http2 => &self.http2,
        }
    }
}

/// What is done with the requests of all connections of a proxy.
pub(super) struct Handling {
    upstream: Upstream,
    disturbance: Option<Disturbance>,
    pages: Pages,
    exchanges: Mutex<Vec<Exchange>>,
    disturbed: AtomicUsize,
    /// Whether connections are refused from now on.
    closed: watch::Sender<bool>,
}

/// What a request tells its connection.
type Strikes = mpsc::UnboundedSender<Strike>;

impl Handling {
    pub(super) fn new(upstream: Upstream, disturbance: Option<Disturbance>) -> Self {
        Self {
            upstream,
            disturbance,
            pages: Pages::default(),
            exchanges: Mutex::default(),
            disturbed: AtomicUsize::new(0),
            closed: watch::Sender::new(false),
        }
    }

    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let exchanges = self.exchanges.lock();
        exchanges.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn disturbed(&self) -> usize {
        self.disturbed.load(Ordering::Relaxed)
    }

    fn fault(&self) -> Option<Fault> {
        self.disturbance.as_ref().map(|one| one.fault)
    }

    /// The fault that strikes a read now.
    fn strikes(&self, read: &Read) -> Option<Fault> {
        let disturbance = self.disturbance.as_ref()?;
        if !disturbance.strikes(read) {
            return None;
        }
        let before = self.disturbed.fetch_add(1, Ordering::Relaxed);
        (before == 0 || disturbance.times == Times::Always).then_some(disturbance.fault)
    }

    fn note(&self, read: &Read, status: StatusCode) {
        let mut exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if exchanges.iter().all(|exchange| exchange.read != *read) {
            exchanges.push(Exchange {
                read: read.clone(),
                status: status.as_u16(),
            });
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Strikes,
    ) -> Result<Response<Body>, h2::Error> {
        let (asked, _) = request.into_parts();
        let read = self.pages.read(&asked);
        let fault = self.strikes(&read);
        match fault {
            Some(Fault::Line(fault)) => match fault.strike() {
                Strike::ResetStream(reason) => return Err(reason.into()),
                Strike::Silence => return pending().await,
                Strike::GoAwayLater => {
                    // Where nobody hears it, the connection is gone already.
                    let _ = connection.send(Strike::GoAwayLater);
                }
                strike => {
                    let _ = connection.send(strike);
                    return pending().await;
                }
            },
            Some(Fault::Status(fault)) => return Ok(fault.answer(&read)),
            _ => {}
        }
        // A token that the fault made up leads nowhere.
        let anew = fault == Some(Fault::Document(DocumentFault::EndlessPages));
        let genuine = match self.upstream.fetch(&asked, anew).await {
            Ok(genuine) => genuine,
            Err(error) => return Ok(unreachable(&error)),
        };
        self.note(&read, genuine.status);
        match fault {
            Some(Fault::Document(fault)) => {
                let document = match fault.spoil(&genuine, &read) {
                    Ok(document) => document,
                    Err(error) => return Ok(unreachable(&error.into())),
                };
                self.pages.note(&read, &document);
                let body = whole(document.to_string());
                Ok(respond(StatusCode::OK, genuine.media_type, body))
            }
            Some(Fault::Body(fault)) => Ok(fault.spoil(genuine)),
            _ => {
                self.pages.note_text(&read, &genuine.body);
                let Genuine {
                    status,
                    media_type,
                    body,
                } = genuine;
                Ok(respond(status, media_type, whole(body)))
            }
        }
    }
}

/// That the test cluster is broken must not be taken for a fault that was put in.
fn unreachable(error: &anyhow::Error) -> Response<Body> {
    let words = format!("the fault proxy cannot reach the API server: {error:#}");
    let text = HeaderValue::from_static("text/plain");
    respond(StatusCode::LOOP_DETECTED, text, whole(words))
}

/// Lets clients in, as long as nothing forbids it.
pub(super) async fn accept(listener: TcpListener, tls: Tls, handling: Arc<Handling>) {
    let mut closed = handling.closed.subscribe();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, tls.clone(), Arc::clone(&handling)));
                }
            }
            _ = connections.join_next(), if !connections.is_empty() => {}
            _ = closed.wait_for(|closed| *closed) => return,
        }
    }
}

/// Serves a connection to its end. Nobody is told why it ended: that is the client's affair.
async fn serve(stream: TcpStream, tls: Tls, handling: Arc<Handling>) -> Result<()> {
    stream.set_nodelay(true)?;
    if let Some(Fault::Line(fault)) = handling.fault()
        && fault.resets()
    {
        stream.set_zero_linger()?;
    }
    let protocol = handling.fault().map_or(Protocol::Http2, Fault::protocol);
    let stream = TokioIo::new(tls.of(protocol).accept(stream).await?);
    let (sender, strikes) = mpsc::unbounded_channel();
    match protocol {
        Protocol::Http1 => serve_http1(stream, handling, sender, strikes).await,
        Protocol::Http2 => serve_http2(stream, handling, sender, strikes).await,
    }
}

type Stream = TokioIo<TlsStream<TcpStream>>;
type Struck = mpsc::UnboundedReceiver<Strike>;

async fn serve_http1(
    stream: Stream,
    handling: Arc<Handling>,
    sender: Strikes,
    mut strikes: Struck,
) -> Result<()> {
    let service = service_fn(|request| handling.answer(request, &sender));
    let mut connection = http1::Builder::new().serve_connection(stream, service);
    let strike = tokio::select! {
        served = &mut connection => return Ok(served?),
        strike = strikes.recv() => strike.context("the connection itself holds the other end")?,
    };
    if let Strike::Say(words) = strike {
        let mut stream = connection.into_parts().io.into_inner();
        stream.write_all(words).await?;
        stream.shutdown().await?;
    } else if strike == Strike::EndAll {
        handling.closed.send_replace(true);
    }
    Ok(())
}

async fn serve_http2(
    stream: Stream,
    handling: Arc<Handling>,
    sender: Strikes,
    mut strikes: Struck,
) -> Result<()> {
    let service = service_fn(move |request| {
        let (handling, sender) = (Arc::clone(&handling), sender.clone());
        async move { handling.answer(request, &sender).await }
    });
    let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service);
    let mut connection = pin!(connection);
    let strike = tokio::select! {
        served = connection.as_mut() => return Ok(served?),
        strike = strikes.recv() => strike.context("the connection itself holds the other end")?,
    };
    match strike {
        Strike::GoAway => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                served = connection => Ok(served?),
                () = sleep(FAREWELL) => Ok(()),
            }
        }
        Strike::GoAwayLater => {
            connection.as_mut().graceful_shutdown();
            Ok(connection.await?)
        }
        _ => Ok(()),
    }
}
