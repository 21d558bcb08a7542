//! A proxy in between.

use std::fmt;

/// The API server sends the call to a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// The host that it calls.
    pub host: String,
    /// What tells.
    pub witness: Witness,
}

/// What tells that the API server sends a call to a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The environment of kube-apiserver, which names this proxy, without credentials.
    Environment(String),
    /// The API server's own words, where its pods are out of sight.
    Error(String),
}

impl fmt::Display for Proxied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        match &self.witness {
            Witness::Environment(proxy) => {
                write!(
                    f,
                    "kube-apiserver sends calls of {host} to the proxy {proxy}"
                )
            }
            Witness::Error(error) => {
                write!(
                    f,
                    "the API server sends calls of {host} to a proxy: {error}"
                )
            }
        }
    }
}
