//! Probes that fail. The sidecar's own is on port 15021, and on 15020 up to Istio 1.5; the application's go to
//! `/app-health/` of its agent.

use super::Node;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::transport::{self, Http, Transport};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "request to probe app failed",
        read: app,
    },
    Anchor {
        words: "failed to create grpc connection to probe app",
        read: app,
    },
    Anchor {
        words: "server does not implement the grpc health protocol",
        read: app,
    },
    Anchor {
        words: "probetype=",
        read: logged,
    },
    Anchor {
        words: "readiness probe failed",
        read: probe,
    },
    Anchor {
        words: "startup probe failed",
        read: probe,
    },
    Anchor {
        words: "liveness probe failed",
        read: probe,
    },
];

/// Source: `pilot/cmd/pilot-agent/status/server.go` of Istio.
fn app(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let end = transport::read(message, &mut values).map_or(message.end(), |(_, after)| after.at);
    if let Some(path) = message.after("original URL path = ") {
        values.add(
            Key::Path,
            path.take(|c| !c.is_whitespace() && c != '\\' && c != '\n')
                .0,
        );
    }
    Some(values.into_reading(What::Node(Node::AppProbe), head.at.start, end))
}

fn probe(head: &Head) -> Option<Reading> {
    let is_readiness = !head.words().has("liveness");
    failed(head, head.message(), is_readiness)
}

/// `"Probe failed" probeType="Liveness" pod="..." output="..."` of the kubelet's own log.
fn logged(head: &Head) -> Option<Reading> {
    let rest = head.rest();
    let end = rest.text.find('\n').unwrap_or(rest.text.len());
    let (line, _) = rest.cut(end);
    let (kind, _) = line.next_quoted()?;
    head.before()
        .has("probe failed")
        .then(|| failed(head, line, !kind.has("liveness")))?
}

/// What a probe that fails says.
fn failed(head: &Head, message: Part, is_readiness: bool) -> Option<Reading> {
    let mut values = Values::default();
    let of_proxy = [":15021", ":15020", "istio-proxy"]
        .iter()
        .any(|sign| message.has(sign));
    let of_app = message.has("/app-health/");
    let status = message.after("statuscode: ").map(|part| part.word().0);
    if let Some(status) = status {
        values.add(Key::Status, status);
    }
    let error = transport::read(message, &mut values).map(|(error, _)| error);
    let status = status.map(|status| status.text);
    let container = head.before().has("{istio-proxy}");
    let node = match (status, error) {
        _ if of_app => Node::AppProbe,
        // The agent answers 503 as long as Envoy is not ready, and nothing else on its port does.
        (Some("503"), _) if is_readiness => Node::ProxyUnready,
        (Some(_), _) if of_proxy || container => Node::ProxyUnready,
        (
            _,
            Some(
                Transport::Refused
                | Transport::Eof
                | Transport::Deadline
                | Transport::NoHeaders
                | Transport::NoConnection
                | Transport::DialTimeout,
            ),
        ) if of_proxy || container => Node::ProxyNotListening,
        (_, Some(Transport::Reset | Transport::Eof | Transport::Http(Http::Envoy)))
            if head.surroundings.mesh =>
        {
            Node::ProbeMeshed
        }
        _ => return None,
    };
    let end = Part::of(head.text, head.at.clone())
        .end()
        .max(message.end());
    Some(values.into_reading(What::Node(node), head.at.start, end))
}
