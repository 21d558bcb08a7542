//! The probes of a container. Kubernetes 1.36: `pkg/kubelet/prober`.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http;
use crate::json::{list, text};
use crate::kubelet::NODE_IP;

/// A probe of one kind, and how it went.
pub(super) struct Probe {
    /// As its events begin.
    pub(super) name: &'static str,
    spec: Value,
    next: Instant,
    successes: u64,
    failures: u64,
    /// Whether it passes, once the thresholds are reached.
    pub(super) passes: bool,
    /// Whether it fails, once the thresholds are reached.
    pub(super) fails: bool,
}

impl Probe {
    /// The probe of a container that has just started, if it has one.
    pub(super) fn of(container: &Value, field: &str, name: &'static str) -> Option<Self> {
        let spec = container.get(field)?.clone();
        Some(Self {
            name,
            next: Instant::now() + Duration::from_secs(number(&spec, "initialDelaySeconds", 0)),
            spec,
            successes: 0,
            failures: 0,
            passes: false,
            fails: false,
        })
    }

    /// Probes, if it is time. Returns what a failed attempt says. `exec` is a command beside the container's.
    pub(super) fn attempt(
        &mut self,
        ip: IpAddr,
        container: &Value,
        exec: impl FnOnce(&[Value]) -> Command,
    ) -> Option<String> {
        let now = Instant::now();
        if now < self.next {
            return None;
        }
        self.next = now + Duration::from_secs(number(&self.spec, "periodSeconds", 10));
        let outcome = self.probe(ip, container, exec);
        if outcome.is_ok() {
            self.failures = 0;
            self.successes += 1;
            self.passes |= self.successes >= number(&self.spec, "successThreshold", 1);
        } else {
            self.successes = 0;
            self.failures += 1;
            self.fails = self.failures >= number(&self.spec, "failureThreshold", 3);
            self.passes &= !self.fails;
        }
        outcome.err()
    }

    fn probe(
        &self,
        ip: IpAddr,
        container: &Value,
        exec: impl FnOnce(&[Value]) -> Command,
    ) -> Result<(), String> {
        let timeout = Duration::from_secs(number(&self.spec, "timeoutSeconds", 1));
        if self.spec.get("exec").is_some() {
            return run(exec(list(&self.spec, "/exec/command")), timeout);
        }
        let action = ["httpGet", "tcpSocket"]
            .iter()
            .find_map(|kind| self.spec.get(*kind))
            .ok_or("the kubelet of the tests does not know this kind of probe")?;
        let port = port(action, container).ok_or("no such port")?;
        let address = SocketAddr::new(ip, port);
        if self.spec.get("tcpSocket").is_some() {
            let connected = TcpStream::connect_timeout(&address, timeout);
            return connected
                .map(drop)
                .map_err(|error| format!("dial tcp {address}: {}", words(&error)));
        }
        get(address, text(action, "/path"), timeout)
    }
}

/// A number of a probe's settings.
pub(crate) fn number(spec: &Value, field: &str, default: u64) -> u64 {
    spec.get(field).and_then(Value::as_u64).unwrap_or(default)
}

fn port(action: &Value, container: &Value) -> Option<u16> {
    let port = action.get("port")?;
    let number = match port.as_str() {
        Some(name) => list(container, "/ports")
            .iter()
            .find(|port| text(port, "/name") == name)?
            .get("containerPort")?,
        None => port,
    };
    number.as_u64()?.try_into().ok()
}

/// Asks as a probe by HTTP does. The error has the words of its event.
pub(crate) fn get(address: SocketAddr, path: &str, timeout: Duration) -> Result<(), String> {
    let status = http::probe(address, path, timeout).map_err(|error| {
        let words = words(&error);
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::UnexpectedEof => {
                format!("Get \"http://{address}{path}\": {words}")
            }
            ErrorKind::ConnectionReset => {
                format!("Get \"http://{address}{path}\": read tcp {NODE_IP}->{address}: {words}")
            }
            _ => format!("Get \"http://{address}{path}\": dial tcp {address}: {words}"),
        }
    })?;
    if (200..400).contains(&status) {
        return Ok(());
    }
    Err(format!("HTTP probe failed with statuscode: {status}"))
}

/// As Go says it.
fn words(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connect: connection refused",
        ErrorKind::ConnectionReset => "read: connection reset by peer",
        ErrorKind::HostUnreachable => "connect: no route to host",
        ErrorKind::UnexpectedEof => "EOF",
        _ => "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    }
}

fn run(mut command: Command, timeout: Duration) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let started = Instant::now();
    while started.elapsed() < timeout {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(String::new()),
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    // An error means that it has ended meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    Err(format!("command timed out after {}s", timeout.as_secs()))
}
