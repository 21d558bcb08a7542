//! The stream of configuration from istiod. Source: `pilot/cmd/pilot-agent/status/ready/probe.go` of Istio, and Envoy's
//! `source/extensions/config_subscription/grpc`.

use super::Proxy;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::transport::{self, Tls, Transport};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "envoy proxy is not ready",
        read: not_ready,
    },
    Anchor {
        words: "config not received from",
        read: not_ready,
    },
    Anchor {
        words: "config not fully received from",
        read: not_ready,
    },
    Anchor {
        words: "grpc config stream",
        read: stream,
    },
    Anchor {
        words: "grpc config for ",
        read: rejected,
    },
    Anchor {
        words: "config received from xds server, but was rejected",
        read: rejected_all,
    },
    Anchor {
        words: "xds proxy failed",
        read: upstream,
    },
    Anchor {
        words: "upstream terminated",
        read: upstream,
    },
    Anchor {
        words: "upstream [",
        read: numbered,
    },
    Anchor {
        words: ": ack error ",
        read: refused,
    },
    Anchor {
        words: "failed to connect to upstream ",
        read: upstream,
    },
];

fn not_ready(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let is_head = head.words().has("envoy proxy");
    let whole = Part::of(head.text, head.at.start..message.end());
    if is_head && whole.has("server is terminated") || whole.has("draining") {
        return None;
    }
    let rejected = rejects(whole, &mut values);
    let proxy = match () {
        () if rejected || whole.has("but was rejected") => Proxy::Rejected,
        () if whole.has("config not received") || whole.has("config not fully received") => {
            Proxy::NoConfiguration
        }
        () if is_head => Proxy::NotStarted,
        () => return None,
    };
    Some(values.into_reading(What::Proxy(proxy), head.at.start, message.end()))
}

/// `lds updates: 0 successful, 1 rejected`.
fn rejects(message: Part, values: &mut Values) -> bool {
    let mut rest = message;
    while let Some((_, after)) = rest.split("successful, ") {
        rest = after;
        let (count, tail) = after.take(|c| c.is_ascii_digit());
        if tail.strip("rejected").is_some()
            && count.text.parse::<u64>().is_ok_and(|count| count > 0)
        {
            values.add(Key::Rejected, count);
            return true;
        }
    }
    false
}

fn rejected_all(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    rejects(head.message(), &mut values);
    Some(values.into_reading(
        What::Proxy(Proxy::Rejected),
        head.at.start,
        head.message().end(),
    ))
}

/// `StreamAggregatedResources gRPC config stream closed: 14, ...`. 0 and 13 are told each half an hour, and mean nothing.
fn stream(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    // Envoys of others name their own clusters.
    let cluster = message.strip("to ").map(|cluster| cluster.word().0.text);
    if cluster.is_some_and(|cluster| !matches!(cluster, "xds-grpc" | "sds-grpc")) {
        return None;
    }
    let closed = message.after("closed")?;
    let code = closed
        .after(": ")
        .map(|part| part.take(|c| c.is_ascii_digit()).0)?;
    values.add(Key::Status, code);
    let error = transport::read(closed, &mut values).map(|(error, _)| error);
    let proxy = match (code.text, error) {
        // Codes of gRPC: permission denied, unauthenticated.
        ("7" | "16", _) => Proxy::Unauthenticated,
        _ if is_unauthenticated(closed) => Proxy::Unauthenticated,
        (_, Some(error)) => of(error),
        ("14" | "8" | "4" | "2", None) => Proxy::NoConfiguration,
        _ => return None,
    };
    Some(values.into_reading(What::Proxy(proxy), head.at.start, message.end()))
}

/// What an error of the connection to istiod means.
pub(super) fn of(error: Transport) -> Proxy {
    match error {
        Transport::Tls(Tls::UnknownAuthority) => Proxy::RootMismatch,
        Transport::Tls(Tls::WrongName | Tls::NoNames | Tls::LegacyName) => Proxy::CertificateName,
        Transport::Tls(Tls::Expired) => Proxy::CertificateExpired,
        Transport::NoSuchHost => Proxy::NoName,
        _ => Proxy::NoConfiguration,
    }
}

/// `gRPC config for TYPE rejected: Error adding/updating listener(s) NAME: REASON`.
fn rejected(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (kind, rest) = message.split("rejected: ")?;
    values.add(Key::Type, kind.word().0);
    if let Some(listener) = rest.after("listener(s) ") {
        values.add(Key::Listener, listener.word().0);
    }
    values.add(Key::Reason, rest.trim());
    let proxy = super::listeners::of(message).unwrap_or(Proxy::Rejected);
    if let Some(address) = super::listeners::bound(message) {
        values.add(Key::Address, address);
    }
    Some(values.into_reading(What::Proxy(proxy), head.at.start, message.end()))
}

/// `ADS:LDS: ACK ERROR NODE CODE:REASON`: istiod says what Envoy answered. Source: `pilot/pkg/xds/delta.go` of Istio.
fn refused(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    if !head.before_in_message().has("ads:") {
        return None;
    }
    values.add(Key::Reason, message.trim());
    let proxy = super::listeners::of(message).unwrap_or(Proxy::Rejected);
    Some(values.into_reading(What::Proxy(proxy), head.at.start, message.end()))
}

/// `upstream [63] terminated with unexpected error`: the connections of the agent have numbers.
fn numbered(head: &Head) -> Option<Reading> {
    let (_, rest) = head.message().take(|c| c.is_ascii_digit());
    rest.strip("] terminated").and_then(|_| upstream(head))
}

/// What the agent says of its connection to istiod.
fn upstream(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    if !head.surroundings.mesh && !head.before().has("xds") {
        return None;
    }
    if is_unauthenticated(message) {
        let what = What::Proxy(Proxy::Unauthenticated);
        return Some(values.into_reading(what, head.at.start, message.end()));
    }
    // istiod takes only so many streams a second.
    if message.has("code = resourceexhausted") {
        let what = What::Proxy(Proxy::NoConfiguration);
        return Some(values.into_reading(what, head.at.start, message.end()));
    }
    let (error, after) = transport::read(message, &mut values)?;
    Some(values.into_reading(What::Proxy(of(error)), head.at.start, after.at))
}

/// Whether istiod refuses who the sidecar says it is.
pub(super) fn is_unauthenticated(message: Part) -> bool {
    [
        "unauthenticated",
        "code = permissiondenied",
        "authentication failure",
        "authenticate failure",
    ]
    .iter()
    .any(|words| message.has(words))
}
