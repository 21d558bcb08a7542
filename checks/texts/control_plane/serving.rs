//! What istiod serves with.

use super::ControlPlane;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::transport::{self, Tls, Transport};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "tls handshake error from ",
        read: handshake,
    },
    Anchor {
        words: "cert not initialized",
        read: no_certificate,
    },
    Anchor {
        words: "incomplete signing ca bundle",
        read: no_certificate,
    },
    Anchor {
        words: "failed to create discovery service: ",
        read: not_starting,
    },
    Anchor {
        words: "failed to complete security handshake from ",
        read: client,
    },
    Anchor {
        words: "failed to create ca: ",
        read: no_certificate,
    },
    Anchor {
        words: "failed to create an istiod ca",
        read: no_certificate,
    },
    Anchor {
        words: "failed to write secret to ca",
        read: no_certificate,
    },
    Anchor {
        words: "failed to create injection webhook",
        read: no_certificate,
    },
    Anchor {
        words: "failed to find any pem data",
        read: no_certificate,
    },
    Anchor {
        words: "skipping privileged gateway port",
        read: privileged,
    },
    Anchor {
        words: "/debug/syncz",
        read: hangs,
    },
];

/// Source: Go's `net/http/server.go`: the server logs what the client said.
fn handshake(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (error, after) = transport::read(message, &mut values)?;
    let what = match error {
        Transport::Tls(Tls::BadCertificate | Tls::UnknownAuthority) => ControlPlane::NotTrusted,
        Transport::Tls(Tls::Internal) => ControlPlane::NoCertificate,
        _ => return None,
    };
    Some(values.into_reading(What::ControlPlane(what), head.at.start, after.at))
}

/// `grpc: Server.Serve failed to complete security handshake from ADDRESS`: what the server says of a client. Source:
/// `server.go` of grpc-go, in a line of istiod's log, which has its level in small letters.
fn client(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let level = head.before_in_message().until("grpc:");
    let of_istiod = ["info", "warn", "error"]
        .iter()
        .any(|word| level.text.trim_end().ends_with(word));
    if !of_istiod && !head.surroundings.mesh {
        return None;
    }
    let (client, rest) = message.name();
    values.add(Key::Address, client);
    rest.has("client certificate").then(|| {
        let what = What::ControlPlane(ControlPlane::ClientNotTrusted);
        values.into_reading(what, head.at.start, message.end())
    })
}

/// istiod ends as it starts. Source: `pilot/cmd/pilot-discovery/app/cmd.go` of Istio.
fn not_starting(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    const CERTIFICATES: &[&str] = &["ca:", " ca", "citadel", "cert", "pem"];
    let of_configuration = message.has("config") && !message.has("certificate");
    let what = match CERTIFICATES.iter().any(|sign| message.has(sign)) {
        true if !of_configuration => ControlPlane::NoCertificate,
        _ => ControlPlane::NotStarting,
    };
    values.add(Key::Reason, message.trim());
    Some(values.into_reading(What::ControlPlane(what), head.at.start, message.end()))
}

fn no_certificate(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    // The injector's configuration keeps istiod from starting as well.
    if head.message().has("config") && !head.message().has("certificate") {
        return None;
    }
    // Other programs have authorities, and look for PEM data, too.
    let of_others = ["pem data", "to create ca: ", "secret to ca"];
    if of_others.iter().any(|words| head.words().has(words)) && !head.surroundings.mesh {
        return None;
    }
    values.add(
        Key::Reason,
        Part::of(head.text, head.at.start..head.message().end()),
    );
    let end = head.message().end();
    Some(values.into_reading(
        What::ControlPlane(ControlPlane::NoCertificate),
        head.at.start,
        end,
    ))
}

/// Source: `pilot/pkg/networking/core/gateway.go` of Istio.
fn privileged(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (port, rest) = head.message().word();
    values.add(Key::Port, port);
    if let Some(node) = rest.after("for node ") {
        values.add(Key::Pod, node.word().0);
    }
    Some(values.into_reading(
        What::ControlPlane(ControlPlane::PrivilegedPort),
        head.at.start,
        rest.at,
    ))
}

/// istioctl asks istiod on its port for debugging.
fn hangs(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (error, after) = transport::read(head.message(), &mut values)?;
    let is_slow = matches!(
        error,
        Transport::Deadline | Transport::NoHeaders | Transport::NoConnection | Transport::Eof
    );
    is_slow.then(|| {
        values.into_reading(
            What::ControlPlane(ControlPlane::Hangs),
            head.at.start,
            after.at,
        )
    })
}
