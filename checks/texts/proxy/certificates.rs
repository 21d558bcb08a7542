//! The sidecar's certificate and token. Source: `security/pkg/nodeagent` of Istio (1.5 to 1.31).

use super::{Proxy, configuration};
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::transport;
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "failed to create certificate",
        read: request,
    },
    Anchor {
        words: "create certificate: rpc error",
        read: request,
    },
    Anchor {
        words: "failed to sign: ",
        read: request,
    },
    Anchor {
        words: "failed to generate workload certificate",
        read: request,
    },
    Anchor {
        words: "failed to warm certificate",
        read: request,
    },
    Anchor {
        words: "failed to warm up",
        read: request,
    },
    Anchor {
        words: "csr signing failed",
        read: request,
    },
    Anchor {
        words: "csr failed with error",
        read: request,
    },
    Anchor {
        words: "authentication handshake failed",
        read: request,
    },
    Anchor {
        words: "transport: error while dialing",
        read: request,
    },
    Anchor {
        words: "secrets/tokens/istio-token",
        read: token,
    },
    Anchor {
        words: "fetch token from file",
        read: token,
    },
    Anchor {
        words: "failed to validate the jwt",
        read: refused,
    },
    Anchor {
        words: "failed to authenticate client",
        read: refused,
    },
    Anchor {
        words: "authenticator clientcertauthenticator",
        read: authenticator,
    },
    Anchor {
        words: "authenticator kubejwtauthenticator",
        read: authenticator,
    },
    Anchor {
        words: "unauthorized xds: ",
        read: refused,
    },
    Anchor {
        words: "request authenticate failure",
        read: refused,
    },
    Anchor {
        words: "could not verify token",
        read: refused,
    },
];

fn request(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    // The words of an error of gRPC are quoted within its own, so that a quote ends nothing.
    let rest = head.rest();
    let end = rest.text.find('\n').unwrap_or(rest.text.len());
    let (line, _) = rest.cut(end);
    let is_of_agent =
        head.words().has("certificate") || head.words().has("csr") || head.words().has("warm");
    const SIGNS: &[&str] = &[
        ":15012",
        ":15010",
        "istiod",
        "istio-pilot",
        "xds-grpc",
        "sds-grpc",
        "xdsproxy",
        "upstream grpc client",
        "citadelclient",
    ];
    let of_istiod = SIGNS.iter().any(|sign| head.around().has(sign));
    if !is_of_agent && !of_istiod {
        return None;
    }
    if configuration::is_unauthenticated(line) {
        return Some(values.into_reading(
            What::Proxy(Proxy::Unauthenticated),
            head.at.start,
            line.end(),
        ));
    }
    if line.has("istio-token") {
        let what = What::Proxy(Proxy::TokenUnreadable);
        return Some(values.into_reading(what, head.at.start, line.end()));
    }
    let (error, after) = transport::read(line, &mut values)?;
    let proxy = configuration::of(error);
    Some(values.into_reading(What::Proxy(proxy), head.at.start, after.at))
}

fn token(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let around = head.around();
    let mark = ["permission denied", "no such file"]
        .iter()
        .find(|mark| around.has(mark));
    if mark.is_none() && !head.words().has("fetch token") {
        return None;
    }
    if let Some((path, _)) = around.split("open ").map(|(_, path)| path.word()) {
        values.add(Key::Path, path);
    }
    Some(values.into_reading(
        What::Proxy(Proxy::TokenUnreadable),
        head.at.start,
        head.message().end(),
    ))
}

/// `Authenticator NAME at index 0 got error: ...`, `Authenticator NAME: ...`: istiod names each one that refuses.
fn authenticator(head: &Head) -> Option<Reading> {
    let message = head.message();
    let refuses = message.strip(":").or_else(|| message.strip("at index"));
    refuses.and_then(|_| refused(head))
}

fn refused(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    // Other programs authenticate clients as well; Istio's name their authenticators, and its token's audience.
    let is_istio = head.surroundings.mesh
        || ["request authenticate failure", "xds"]
            .iter()
            .any(|words| head.words().has(words))
        || [
            "kubejwtauthenticator",
            "clientcertauthenticator",
            "idtokenauthenticator",
        ]
        .iter()
        .any(|sign| head.around().has(sign));
    if !is_istio {
        return None;
    }
    values.add(
        Key::Reason,
        Part::new(message.text, message.at)
            .strip(":")
            .unwrap_or(message)
            .trim(),
    );
    Some(values.into_reading(
        What::Proxy(Proxy::Unauthenticated),
        head.at.start,
        message.end(),
    ))
}
