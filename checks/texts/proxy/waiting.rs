//! Init containers that run after redirection is set up and before the sidecar listens.

use super::Proxy;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::transport::{self, Transport};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "vault",
        read: vault,
    },
    Anchor {
        words: "the connection to the server ",
        read: kubectl,
    },
    Anchor {
        words: ":15001: connect: connection refused",
        read: outbound,
    },
];

/// What Vault's init containers and its injected agents say: they are the ones that need the network first.
fn vault(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let line = head.around();
    const AGENTS: &[&str] = &[
        "vault-env",
        "vault-agent",
        "vault token",
        "auth/kubernetes/login",
        "vault-init",
        "agent.auth",
    ];
    if !AGENTS.iter().any(|sign| line.has(sign)) || line.has("failed calling") {
        return None;
    }
    let rest = head.rest();
    let end = rest.text.find('\n').unwrap_or(rest.text.len());
    let (line, _) = rest.cut(end);
    let (error, after) = transport::read(line, &mut values)?;
    let is_network = matches!(
        error,
        Transport::Refused | Transport::Reset | Transport::Eof
    );
    is_network.then(|| {
        values.into_reading(
            What::Proxy(Proxy::InitContainerNetwork),
            head.at.start,
            after.at,
        )
    })
}

/// kubectl in a pod calls the Service of the API server, which has port 443 and an address of the cluster.
fn kubectl(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (server, rest) = message.word();
    rest.strip("was refused")?;
    let (address, port) = server.split(":")?;
    let of_cluster = match address.text.parse::<std::net::Ipv4Addr>() {
        Ok(address) => address.is_private(),
        Err(_) => address.text.starts_with("kubernetes.default"),
    };
    if !of_cluster || port.text != "443" {
        return None;
    }
    values.add(Key::Address, address);
    values.add(Key::DialledPort, port);
    let end = Part::of(head.text, head.at.clone()).end().max(rest.at);
    Some(values.into_reading(What::Proxy(Proxy::InitContainerNetwork), head.at.start, end))
}

/// All that leaves the pod is led to port 15001 of the sidecar.
fn outbound(head: &Head) -> Option<Reading> {
    let values = Values::default();
    Some(values.into_reading(
        What::Proxy(Proxy::InitContainerNetwork),
        head.at.start,
        head.at.end,
    ))
}
