//! The stand-in for kube-proxy: listens on the cluster IPs of the services and forwards to their ready endpoints. As
//! with the real one, a service without an endpoint that accepts connections refuses them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::api::{Api, Objects};
use crate::firewall::{Dropped, Firewall};
use crate::json::{list, text};
use crate::kubelet::PODS_OF_NODE;
use crate::network_policy;

/// How often refusing endpoints are tried again.
const RETRY_PERIOD: Duration = Duration::from_millis(100);

/// Where the traffic to a service's port goes.
type Routes = BTreeMap<SocketAddr, BTreeSet<SocketAddr>>;

/// The running stand-in.
#[derive(Clone, Default)]
pub(crate) struct KubeProxy(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    services: Objects,
    slices: Objects,
    policies: Objects,
    pods: Objects,
    forwarders: BTreeMap<SocketAddr, Forwarder>,
    firewall: Firewall,
    resets: Arc<AtomicBool>,
}

impl KubeProxy {
    /// Follows the services, their endpoints and what NetworkPolicies forbid from now on.
    pub(crate) fn start(api: Api) -> Self {
        let proxy = Self::default();
        proxy.follow(api, "/api/v1/services", |state| &mut state.services);
        proxy.follow(api, PODS_OF_NODE, |state| &mut state.pods);
        proxy.follow(api, "/apis/discovery.k8s.io/v1/endpointslices", |state| {
            &mut state.slices
        });
        proxy.follow(api, "/apis/networking.k8s.io/v1/networkpolicies", |state| {
            &mut state.policies
        });
        let this = proxy.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(RETRY_PERIOD);
                this.state().update();
            }
        });
        proxy
    }

    fn follow(&self, api: Api, path: &'static str, field: fn(&mut State) -> &mut Objects) {
        let this = self.clone();
        api.follow(path, move |objects| {
            let mut state = this.state();
            field(&mut state).clone_from(objects);
            state.update();
        });
    }

    /// Cuts every connection that goes through a service at this moment.
    pub(crate) fn cut_connections(&self) {
        for forwarder in self.state().forwarders.values() {
            forwarder.shared.cut();
        }
    }

    /// From now on resets the connections through services once something is sent, or lets them pass again.
    pub(crate) fn reset_connections(&self, resets: bool) {
        self.state().resets.store(resets, Ordering::SeqCst);
        if resets {
            self.cut_connections();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn update(&mut self) {
        let mut routes = self.routes();
        let mut dropped = network_policy::blocked(&self.policies, &self.pods);
        // A service whose endpoints do not answer does not answer either.
        routes.retain(|address, endpoints| {
            let silent = !endpoints.is_empty() && endpoints.is_subset(&dropped);
            if silent {
                dropped.insert(*address);
            }
            !silent
        });
        // Dropping a forwarder refuses new connections and cuts the old ones.
        self.forwarders.retain(|address, forwarder| {
            routes.get(address) == Some(&forwarder.shared.endpoints) && !forwarder.shared.refused()
        });
        let kept_in = network_policy::kept_in(&self.policies, &self.pods);
        let kept_in = kept_in
            .into_iter()
            .map(|(ip, port)| Dropped::From(ip, port));
        let dropped = dropped.into_iter().map(Dropped::To);
        self.firewall.drop_only(dropped.chain(kept_in).collect());
        for (address, endpoints) in routes {
            if self.forwarders.contains_key(&address) || !endpoints.iter().any(accepts) {
                continue;
            }
            if let Ok(forwarder) = Forwarder::start(address, endpoints, Arc::clone(&self.resets)) {
                self.forwarders.insert(address, forwarder);
            }
        }
    }

    fn routes(&self) -> Routes {
        let mut routes = Routes::new();
        for (service, port, address) in self.services.values().flat_map(service_ports) {
            let endpoints = self
                .slices
                .values()
                .filter(|slice| belongs_to(slice, service))
                .flat_map(|slice| ready_endpoints(slice, text(port, "/name")));
            routes.entry(address).or_default().extend(endpoints);
        }
        routes
    }
}

fn accepts(endpoint: &SocketAddr) -> bool {
    TcpStream::connect_timeout(endpoint, RETRY_PERIOD).is_ok()
}

/// The TCP ports of a service that has a cluster IP.
fn service_ports(service: &Value) -> impl Iterator<Item = (&Value, &Value, SocketAddr)> {
    let ip: Option<IpAddr> = text(service, "/spec/clusterIP").parse().ok();
    list(service, "/spec/ports")
        .iter()
        .filter(|port| text(port, "/protocol") == "TCP")
        .filter_map(move |port| Some((service, port, SocketAddr::new(ip?, number(port)?))))
}

fn belongs_to(slice: &Value, service: &Value) -> bool {
    text(slice, "/metadata/namespace") == text(service, "/metadata/namespace")
        && text(slice, "/metadata/labels/kubernetes.io~1service-name")
            == text(service, "/metadata/name")
}

fn ready_endpoints(slice: &Value, port_name: &str) -> Vec<SocketAddr> {
    let port = list(slice, "/ports")
        .iter()
        .find(|port| text(port, "/name") == port_name)
        .and_then(number);
    list(slice, "/endpoints")
        .iter()
        .filter(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false)))
        .flat_map(|endpoint| list(endpoint, "/addresses"))
        .filter_map(|address| Some(SocketAddr::new(address.as_str()?.parse().ok()?, port?)))
        .collect()
}

fn number(port: &Value) -> Option<u16> {
    port.pointer("/port")?.as_u64()?.try_into().ok()
}

/// Listens on one address until it is dropped.
struct Forwarder {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// What a forwarder and its connections know of each other.
struct Shared {
    endpoints: BTreeSet<SocketAddr>,
    turn: AtomicUsize,
    closing: AtomicBool,
    refused: AtomicBool,
    resets: Arc<AtomicBool>,
    connections: Mutex<BTreeMap<usize, [TcpStream; 2]>>,
}

impl Forwarder {
    fn start(
        address: SocketAddr,
        endpoints: BTreeSet<SocketAddr>,
        resets: Arc<AtomicBool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let shared = Arc::new(Shared {
            endpoints,
            turn: AtomicUsize::default(),
            closing: AtomicBool::default(),
            refused: AtomicBool::default(),
            resets,
            connections: Mutex::default(),
        });
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self {
            address,
            shared,
            accepting: Some(accepting),
        })
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection; once it has ended, the listener is closed.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        self.shared.cut();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming().flatten() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || shared.forward(client));
    }
}

impl Shared {
    /// Carries one connection to an endpoint and back. An error on the way ends both sides.
    fn forward(&self, client: TcpStream) {
        if self.resets.load(Ordering::SeqCst) {
            // A connection that is closed with something unread is reset.
            let _ = client.peek(&mut [0]);
            return;
        }
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        let endpoint = self
            .endpoints
            .iter()
            .cycle()
            .nth(turn % self.endpoints.len().max(1));
        let Some(Ok(server)) = endpoint.map(TcpStream::connect) else {
            self.refused.store(true, Ordering::SeqCst);
            return;
        };
        if let (Ok(a), Ok(b)) = (client.try_clone(), server.try_clone()) {
            self.connections().insert(turn, [a, b]);
        }
        thread::scope(|scope| {
            scope.spawn(|| pump(&client, &server));
            pump(&server, &client);
        });
        self.connections().remove(&turn);
    }

    /// Whether an endpoint no longer accepts connections.
    fn refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }

    fn cut(&self) {
        for stream in self.connections().values().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn connections(&self) -> MutexGuard<'_, BTreeMap<usize, [TcpStream; 2]>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn pump(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
