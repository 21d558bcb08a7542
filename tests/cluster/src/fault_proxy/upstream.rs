//! The way on to the API server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Items on a page, so that small lists have several, too.
const PAGE: &str = "limit=3";

/// The API server behind its `kubectl proxy`, asked once for each thing: what changes meanwhile is no fault.
#[derive(Clone)]
pub(super) struct Upstream {
    client: Client<HttpConnector, Empty<Bytes>>,
    address: SocketAddr,
    answers: Arc<Mutex<HashMap<Question, Genuine>>>,
}

/// What was asked: the URI, and the media types that would do.
type Question = (String, Option<HeaderValue>);

/// An answer as the API server gave it.
#[derive(Clone)]
pub(super) struct Genuine {
    pub(super) status: StatusCode,
    pub(super) media_type: HeaderValue,
    pub(super) body: Bytes,
}

impl Upstream {
    pub(super) fn at(address: SocketAddr) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            address,
            answers: Arc::default(),
        }
    }

    /// Asks the API server anew from now on.
    pub(super) fn forget(&self) {
        self.answers().clear();
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Question, Genuine>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to what was asked, with smaller pages; `from_start`: from the first page on, whatever page was asked
    /// for.
    pub(super) async fn fetch(&self, asked: &Parts, from_start: bool) -> Result<Genuine> {
        let query = asked.uri.query().unwrap_or_default();
        let query: Vec<_> = query
            .split('&')
            .filter(|pair| !(from_start && pair.starts_with("continue=")))
            .map(|pair| {
                if pair.starts_with("limit=") {
                    PAGE
                } else {
                    pair
                }
            })
            .collect();
        let uri = format!(
            "http://{}{}?{}",
            self.address,
            asked.uri.path(),
            query.join("&")
        );
        let question = (uri, asked.headers.get(ACCEPT).cloned());
        let known = self.answers().get(&question).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let genuine = self.ask(asked, &question).await?;
        self.answers().insert(question, genuine.clone());
        Ok(genuine)
    }

    async fn ask(&self, asked: &Parts, (uri, accepted): &Question) -> Result<Genuine> {
        let mut request = Request::builder().method(asked.method.clone()).uri(uri);
        let accept = accepted.as_ref();
        let agent = asked.headers.get(USER_AGENT);
        for (name, value) in [(ACCEPT, accept), (USER_AGENT, agent)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let answer = self.client.request(request.body(Empty::new())?).await?;
        let (head, body) = answer.into_parts();
        let json = HeaderValue::from_static("application/json");
        Ok(Genuine {
            status: head.status,
            media_type: head.headers.get(CONTENT_TYPE).cloned().unwrap_or(json),
            body: body.collect().await?.to_bytes(),
        })
    }
}
