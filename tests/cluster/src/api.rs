//! Requests to an API server. A `kubectl proxy` in between does the TLS and the credentials: so a request costs
//! milliseconds, where starting a kubectl for each would cost a tenth of a second.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use crate::http::{self, Body};
use crate::json::{list, text};
use crate::namespace;

/// Why a request failed.
#[derive(Debug, Error)]
pub enum ApiError {
    /// No answer came.
    #[error("no answer from the API server: {0}")]
    Transport(#[from] std::io::Error),
    /// The API server answered with an error.
    #[error("{message} ({code})")]
    Status {
        /// The HTTP status.
        code: u16,
        /// What the API server said.
        message: String,
    },
}

impl ApiError {
    /// Whether the API server said that there is no such object.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { code: 404, .. })
    }
}

type Result<T> = std::result::Result<T, ApiError>;

/// The objects of a list by namespace/name.
pub(crate) type Objects = BTreeMap<String, Value>;

/// An API server behind a `kubectl proxy` on this port. Paths are those of the API, e.g. `/api/v1/namespaces`.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    proxy: SocketAddr,
}

impl Api {
    pub(crate) fn behind(port: u16) -> Self {
        Self {
            proxy: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        }
    }

    /// Where the `kubectl proxy` listens.
    pub(crate) fn address(self) -> SocketAddr {
        self.proxy
    }

    /// Reads an object or a list.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.send("GET", path, None)
    }

    /// Creates an object in the collection at this path.
    pub fn create(&self, path: &str, object: &Value) -> Result<Value> {
        self.send("POST", path, Some(("application/json", object)))
    }

    /// Replaces the object at this path.
    pub fn replace(&self, path: &str, object: &Value) -> Result<Value> {
        self.send("PUT", path, Some(("application/json", object)))
    }

    /// Merges a patch into the object at this path.
    pub fn merge(&self, path: &str, patch: &Value) -> Result<Value> {
        self.send("PATCH", path, Some(("application/merge-patch+json", patch)))
    }

    /// Deletes the object at this path, with DeleteOptions.
    pub fn delete(&self, path: &str, options: &Value) -> Result<Value> {
        self.send("DELETE", path, Some(("application/json", options)))
    }

    /// Deletes a namespace with all that is in it, and waits until it is gone.
    pub fn delete_namespace(&self, name: &str) -> anyhow::Result<()> {
        namespace::delete(*self, name)
    }

    /// Whether every health check of the API server passes.
    pub(crate) fn is_ready(&self) -> bool {
        http::request(self.proxy, "GET", "/readyz", None)
            .is_ok_and(|response| response.status == 200)
    }

    /// Follows a list for ever on a thread of its own: hands over all its objects at first and after every change.
    pub(crate) fn follow(
        self,
        path: &'static str,
        mut seen: impl FnMut(&Objects) + Send + 'static,
    ) {
        thread::spawn(move || {
            loop {
                // The end of a watch is no event; whatever ended it, the next list tells what happened meanwhile.
                let _ = self.list_and_watch(path, &mut seen);
                thread::sleep(Duration::from_millis(200));
            }
        });
    }

    fn list_and_watch(&self, path: &str, seen: &mut impl FnMut(&Objects)) -> Result<()> {
        let all = self.get(path)?;
        let mut objects: Objects = list(&all, "/items")
            .iter()
            .map(|object| (key(object), object.clone()))
            .collect();
        seen(&objects);

        let version = text(&all, "/metadata/resourceVersion");
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}watch=true&resourceVersion={version}");
        let response = http::request(self.proxy, "GET", &path, None)?;
        for line in response.body.lines() {
            let mut event: Value = serde_json::from_str(&line?).map_err(std::io::Error::from)?;
            let object = event.get_mut("object").map(Value::take).unwrap_or_default();
            match text(&event, "/type") {
                "ADDED" | "MODIFIED" => objects.insert(key(&object), object),
                "DELETED" => objects.remove(&key(&object)),
                _ => return Ok(()),
            };
            seen(&objects);
        }
        Ok(())
    }

    fn send(&self, method: &str, path: &str, body: Option<(&str, &Value)>) -> Result<Value> {
        let bytes = body.map(|(_, value)| value.to_string());
        let body = body
            .zip(bytes.as_ref())
            .map(|((media_type, _), bytes)| Body {
                media_type,
                bytes: bytes.as_bytes(),
            });
        let mut response = http::request(self.proxy, method, path, body)?;
        let mut answer = Vec::new();
        response.body.read_to_end(&mut answer)?;
        let parsed = serde_json::from_slice::<Value>(&answer);
        if (200..300).contains(&response.status) {
            return Ok(parsed.map_err(std::io::Error::from)?);
        }
        let message = match &parsed {
            Ok(status) => text(status, "/message").to_owned(),
            Err(_) => String::from_utf8_lossy(&answer).trim().to_owned(),
        };
        Err(ApiError::Status {
            code: response.status,
            message,
        })
    }
}

fn key(object: &Value) -> String {
    format!(
        "{}/{}",
        text(object, "/metadata/namespace"),
        text(object, "/metadata/name")
    )
}
