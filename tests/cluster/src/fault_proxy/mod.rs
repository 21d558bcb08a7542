//! A proxy between a client and the API server that disturbs one read: what a gateway, a load balancer or a server can do
//! to an answer. It ends the TLS of the client, notes what is asked, and passes on everything else as it is.

mod body;
mod connection;
mod document;
mod fault;
mod line;
mod read;
mod status;
mod upstream;

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::cluster::Cluster;
use crate::control_plane::Site;
use connection::{Handling, Tls, accept};
use upstream::Upstream;

pub(crate) use connection::acceptor;
pub use fault::{Disturbance, Fault, Times};
pub use read::{Exchange, Read, Resource};

/// What proxies to one API server are started from.
pub struct FaultProxies {
    site: Arc<Site>,
    tls: Tls,
    upstream: Upstream,
    runtime: Runtime,
}

impl FaultProxies {
    /// Proxies to the API server that clients of the cluster use at the moment, with the administrator's permissions.
    ///
    /// # Errors
    /// Where the certificate of the API server, which is also theirs, cannot be read.
    pub fn to(cluster: &Cluster) -> Result<Self> {
        let site = Arc::clone(cluster.site());
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        Ok(Self {
            tls: Tls::with(site.server_certificate())?,
            upstream: Upstream::at(cluster.api().address()),
            site,
            runtime,
        })
    }

    /// Starts a proxy that disturbs this, or nothing. One that disturbs nothing asks the API server; those after it give the
    /// same answers again, and ask for nothing but what it was not asked.
    ///
    /// # Errors
    /// Where no port is free.
    pub fn start(&self, disturbance: Option<Disturbance>) -> Result<FaultProxy> {
        let address = (Ipv4Addr::LOCALHOST, 0);
        let listener = self.runtime.block_on(TcpListener::bind(address))?;
        let port = listener.local_addr()?.port();
        let name = format!("fault-proxy-{port}");
        if disturbance.is_none() {
            self.upstream.forget();
        }
        // The way behind the proxy brings its own credentials.
        let kubeconfig = self.site.kubeconfig(&name, port, &json!({}))?;
        let handling = Arc::new(Handling::new(self.upstream.clone(), disturbance));
        let serving = accept(listener, self.tls.clone(), Arc::clone(&handling));
        Ok(FaultProxy {
            kubeconfig,
            handling,
            serving: self.runtime.spawn(serving),
        })
    }
}

/// A running proxy; it ends with this value.
pub struct FaultProxy {
    kubeconfig: PathBuf,
    handling: Arc<Handling>,
    serving: JoinHandle<()>,
}

impl FaultProxy {
    /// A kubeconfig that leads through it.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// What was asked and answered so far, each once, in the order of the answers.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.handling.exchanges()
    }

    /// How often the fault was put in so far.
    pub fn disturbed(&self) -> usize {
        self.handling.disturbed()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // The connections are tasks of this one, and end with it.
        self.serving.abort();
        // It is in the folder of this run, which goes as a whole.
        let _ = fs::remove_file(&self.kubeconfig);
    }
}
