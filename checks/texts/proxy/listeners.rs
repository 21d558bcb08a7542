//! Ports that Envoy cannot bind.

use super::Proxy;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "cannot bind '",
        read: bind,
    },
    Anchor {
        words: "error adding listener: '",
        read: duplicate,
    },
    Anchor {
        words: "address already in use",
        read: taken,
    },
];

/// Ports of the sidecar. Source: `pilot/cmd/pilot-agent/status/server.go` of Istio (1.31).
pub const SIDECAR_PORTS: &[&str] = &[
    "15000", "15001", "15002", "15004", "15006", "15008", "15009", "15020", "15021", "15053",
    "15090",
];

/// `cannot bind '0.0.0.0:80': Permission denied`, as a part of the reasons that Envoy gives.
fn bind(head: &Head) -> Option<Reading> {
    let around = Part::of(head.text, head.at.start..head.message().end());
    // Where the type of the resource is told, the grammar of rejected resources reads it.
    if head.before_in_message().has("rejected: ") {
        return None;
    }
    let address = bound(around)?;
    let is_known = is_of_sidecar(address) || head.surroundings.mesh;
    let proxy = match of(around) {
        Some(Proxy::PortTaken) if !is_known => return None,
        None if head.surroundings.mesh => Proxy::Rejected,
        other => other?,
    };
    let mut values = Values::default();
    values.add(Key::Address, address);
    Some(values.into_reading(What::Proxy(proxy), head.at.start, around.end()))
}

fn duplicate(head: &Head) -> Option<Reading> {
    if head.before_in_message().has("rejected: ") {
        return None;
    }
    let mut values = Values::default();
    let (name, rest) = head.message().split("'")?;
    values.add(Key::Listener, name);
    let proxy = of(rest)?;
    if let Some(address) = bound(rest) {
        values.add(Key::Address, address);
    }
    Some(values.into_reading(What::Proxy(proxy), head.at.start, head.message().end()))
}

/// `listen tcp 0.0.0.0:15020: bind: address already in use`, or `address already in use :::15020`, of a port that is the
/// sidecar's.
fn taken(head: &Head) -> Option<Reading> {
    let around = [head.before_in_message(), head.message()];
    let port = around.into_iter().find_map(|part| {
        let mut ports = SIDECAR_PORTS.iter();
        let at = ports.find_map(|port| part.text.rfind(&format!(":{port}")))?;
        Some(part.cut(at).1.cut(1).1.take(|c| c.is_ascii_digit()).0)
    })?;
    let mut values = Values::default();
    values.add(Key::Port, port);
    Some(values.into_reading(What::Proxy(Proxy::PortTaken), head.at.start, head.at.end))
}

/// Why a listener could not be made.
pub(super) fn of(message: Part) -> Option<Proxy> {
    match () {
        () if message.has("cannot bind") && message.has("permission denied") => {
            Some(Proxy::PrivilegedPort)
        }
        () if message.has("address already in use") => Some(Proxy::PortTaken),
        () if message.has("has duplicate address") => Some(duplicates(message)),
        () => None,
    }
}

/// Two listeners for one address: one of them is the sidecar's own where the port is.
fn duplicates(message: Part) -> Proxy {
    match bound(message).is_some_and(is_of_sidecar) {
        true => Proxy::PortTaken,
        false => Proxy::Rejected,
    }
}

/// Whether an address has a port of the sidecar.
fn is_of_sidecar(address: Part) -> bool {
    let port = address.text.rsplit_once(':');
    port.is_some_and(|(_, port)| SIDECAR_PORTS.contains(&port))
}

/// The address that was to be bound.
pub(super) fn bound(message: Part) -> Option<Part> {
    let (address, _) = message
        .after("bind ")
        .or_else(|| message.after("duplicate address "))?
        .quoted()?;
    Some(address)
}
