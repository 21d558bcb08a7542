//! The words of each error. Sources: Go's `net`, `net/http`, `crypto/tls` and `crypto/x509` (1.10 to 1.26);
//! `k8s.io/apiserver/pkg/util/webhook`, `.../util/proxy` and `k8s.io/apimachinery/pkg/api/errors` (1.16 to 1.36).

use super::{Http, Tls, Transport};

/// Words, and what they mean.
pub(super) struct Phrase {
    /// In any case of letters.
    pub(super) words: &'static str,
    pub(super) means: Transport,
    ends: Ends,
}

/// What has to stand around the words.
#[derive(Clone, Copy)]
enum Ends {
    /// Anything.
    Anything,
    /// No letter or digit: the words are whole.
    Whole,
    /// The words are an inner error of their own: nothing stands between them and a colon.
    Alone,
    /// A quoted name, and that it was not found.
    NotFound,
}

impl Phrase {
    /// Whether the words stand for the error where they are.
    pub(super) fn is_meant(&self, before: &str, after: &str) -> bool {
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        match self.ends {
            Ends::Anything => true,
            Ends::Whole => {
                !is_letter(before.chars().next_back()) && !is_letter(after.chars().next())
            }
            Ends::Alone => {
                let before = before.trim_end();
                before.is_empty() || before.ends_with([':', '"'])
            }
            Ends::NotFound => {
                let (name, rest) = after.split_once('"').unwrap_or_default();
                !name.is_empty() && name.len() < 64 && rest.trim_start().starts_with("not found")
            }
        }
    }
}

const fn any(words: &'static str, means: Transport) -> Phrase {
    Phrase {
        words,
        means,
        ends: Ends::Anything,
    }
}

const fn whole(words: &'static str, means: Transport) -> Phrase {
    Phrase {
        words,
        means,
        ends: Ends::Whole,
    }
}

const fn alone(words: &'static str, means: Transport) -> Phrase {
    Phrase {
        words,
        means,
        ends: Ends::Alone,
    }
}

const fn not_found(words: &'static str) -> Phrase {
    Phrase {
        words,
        means: Transport::ServiceNotFound,
        ends: Ends::NotFound,
    }
}

/// All phrases that mean an error of the network.
pub(super) const PHRASES: &[Phrase] = &[
    any("connection refused", Transport::Refused),
    any("actively refused", Transport::Refused),
    any("i/o timeout", Transport::DialTimeout),
    any("connection timed out", Transport::DialTimeout),
    any("connect: operation timed out", Transport::DialTimeout),
    any("no route to host", Transport::NoRoute),
    any("network is unreachable", Transport::Unreachable),
    any("host is unreachable", Transport::Unreachable),
    any("host is down", Transport::Unreachable),
    any("connect: operation not permitted", Transport::NotPermitted),
    any("connect: permission denied", Transport::NotPermitted),
    any("no such host", Transport::NoSuchHost),
    any("server misbehaving", Transport::NoSuchHost),
    any(
        "temporary failure in name resolution",
        Transport::NoSuchHost,
    ),
    any("name or service not known", Transport::NoSuchHost),
    any(
        "certificate signed by unknown authority",
        Transport::Tls(Tls::UnknownAuthority),
    ),
    any(
        "unable to get local issuer certificate",
        Transport::Tls(Tls::UnknownAuthority),
    ),
    any(
        "certificate verify failed",
        Transport::Tls(Tls::UnknownAuthority),
    ),
    any(
        "certificate_verify_failed",
        Transport::Tls(Tls::UnknownAuthority),
    ),
    any(
        "self signed certificate",
        Transport::Tls(Tls::UnknownAuthority),
    ),
    any(
        "self-signed certificate",
        Transport::Tls(Tls::UnknownAuthority),
    ),
    any(
        "certificate is not valid for any names",
        Transport::Tls(Tls::NoNames),
    ),
    any("certificate is valid for", Transport::Tls(Tls::WrongName)),
    any(
        "cannot validate certificate for",
        Transport::Tls(Tls::WrongName),
    ),
    any(
        "certificate relies on legacy Common Name",
        Transport::Tls(Tls::LegacyName),
    ),
    any(
        "Common Name is not a valid hostname",
        Transport::Tls(Tls::LegacyName),
    ),
    any(
        "remote error: tls: unrecognized name",
        Transport::Tls(Tls::WrongName),
    ),
    any("certificate has expired", Transport::Tls(Tls::Expired)),
    any("certificate is not yet valid", Transport::Tls(Tls::Expired)),
    any("tls: expired certificate", Transport::Tls(Tls::Expired)),
    any(
        "protocol version not supported",
        Transport::Tls(Tls::Version),
    ),
    any("unsupported protocol version", Transport::Tls(Tls::Version)),
    any("no cipher suite supported", Transport::Tls(Tls::Version)),
    any(
        "no supported versions satisfy",
        Transport::Tls(Tls::Version),
    ),
    any("tls: handshake failure", Transport::Tls(Tls::Version)),
    any(
        "tls: insufficient security level",
        Transport::Tls(Tls::Version),
    ),
    any("unsupported_protocol", Transport::Tls(Tls::Version)),
    any("tls: internal error", Transport::Tls(Tls::Internal)),
    any("tls: bad certificate", Transport::Tls(Tls::BadCertificate)),
    any(
        "tls: unknown certificate authority",
        Transport::Tls(Tls::BadCertificate),
    ),
    any(
        "tls: unknown certificate",
        Transport::Tls(Tls::BadCertificate),
    ),
    any(
        "tls: certificate required",
        Transport::Tls(Tls::CertificateRequired),
    ),
    any(
        "does not look like a TLS handshake",
        Transport::Tls(Tls::NotTls),
    ),
    any("oversized record received", Transport::Tls(Tls::NotTls)),
    any(
        "server gave HTTP response to HTTPS client",
        Transport::Tls(Tls::NotTls),
    ),
    any("malformed HTTP response", Transport::Tls(Tls::NotTls)),
    any("wrong_version_number", Transport::Tls(Tls::NotTls)),
    any("wrong version number", Transport::Tls(Tls::NotTls)),
    any(
        "TLS handshake timeout",
        Transport::Tls(Tls::HandshakeTimeout),
    ),
    any(
        "unable to load root certificates",
        Transport::Tls(Tls::BundleUnreadable),
    ),
    any(
        "unable to parse bytes as PEM block",
        Transport::Tls(Tls::BundleUnreadable),
    ),
    any(
        "data does not contain any valid RSA or ECDSA certificates",
        Transport::Tls(Tls::BundleUnreadable),
    ),
    any(
        "the server could not find the requested resource",
        Transport::Http(Http::NotFound),
    ),
    any("404 page not found", Transport::Http(Http::NotFound)),
    any("404 not found", Transport::Http(Http::NotFound)),
    any(
        "an error on the server (",
        Transport::Http(Http::ServerError),
    ),
    any(
        "500 internal server error",
        Transport::Http(Http::ServerError),
    ),
    // Go's client gives the status of a proxy that refuses the tunnel, and nothing else.
    alone("internal server error", Transport::Http(Http::Gateway)),
    alone("bad request", Transport::Http(Http::Gateway)),
    alone("not implemented", Transport::Http(Http::Gateway)),
    alone("precondition failed", Transport::Http(Http::Gateway)),
    alone("too many requests", Transport::Http(Http::Gateway)),
    any(
        "the server is currently unable to handle the request",
        Transport::Http(Http::Unavailable),
    ),
    any(
        "503 service unavailable",
        Transport::Http(Http::Unavailable),
    ),
    alone("service unavailable", Transport::Http(Http::Gateway)),
    alone("unable to connect", Transport::Http(Http::Gateway)),
    any("bad gateway", Transport::Http(Http::Gateway)),
    any("gateway timeout", Transport::Http(Http::Gateway)),
    any("gateway time-out", Transport::Http(Http::Gateway)),
    any(
        "proxy authentication required",
        Transport::Http(Http::Gateway),
    ),
    any("authenticationrequired", Transport::Http(Http::Gateway)),
    alone("forbidden", Transport::Http(Http::Gateway)),
    alone("access denied", Transport::Http(Http::Gateway)),
    alone("method not allowed", Transport::Http(Http::Gateway)),
    alone("unauthorized", Transport::Http(Http::Refused)),
    any(
        "has asked for the client to provide credentials",
        Transport::Http(Http::Refused),
    ),
    any(
        "rejected our request for an unknown reason",
        Transport::Http(Http::BadRequest),
    ),
    any(
        "request entity too large",
        Transport::Http(Http::BadRequest),
    ),
    any(
        "upstream connect error or disconnect/reset before headers",
        Transport::Http(Http::Envoy),
    ),
    any("no healthy upstream", Transport::NoHealthyUpstream),
    whole("EOF", Transport::Eof),
    any("connection reset by peer", Transport::Reset),
    any("forcibly closed by the remote host", Transport::Reset),
    any("broken pipe", Transport::Reset),
    any("use of closed network connection", Transport::Reset),
    any("server closed idle connection", Transport::Reset),
    any("transport connection broken", Transport::Reset),
    any("client connection lost", Transport::ConnectionLost),
    any("client connection force closed", Transport::ConnectionLost),
    whole("GOAWAY", Transport::GoAway),
    // The server resets the stream of this request, and the connection stays.
    any("stream error: stream ID", Transport::Reset),
    any("proxyconnect tcp", Transport::ProxyConnect),
    any("context deadline exceeded", Transport::Deadline),
    any(
        "context deadline exceeded (Client.Timeout",
        Transport::NoHeaders,
    ),
    any("context canceled", Transport::Deadline),
    any("did not complete within", Transport::Deadline),
    any("timeout awaiting response headers", Transport::NoHeaders),
    any(
        "request canceled while waiting for connection",
        Transport::NoConnection,
    ),
    any("Client.Timeout", Transport::NoHeaders),
    any("net/http: request canceled", Transport::NoHeaders),
    any("no endpoints available for service", Transport::NoEndpoints),
    not_found("service \""),
    not_found("services \""),
    not_found("namespaces \""),
    any("no service port", Transport::PortNotFound),
    any(
        "cannot route to service with ClusterIP",
        Transport::ServiceUnroutable,
    ),
    any("unsupported service type", Transport::ServiceUnroutable),
    any("address is not allowed", Transport::AddressNotAllowed),
    any("no agent available", Transport::NoAgent),
    any("failed to get agent", Transport::NoAgent),
    any("no backend available", Transport::NoAgent),
    any("dial timeout, backstop", Transport::NoAgent),
    any("konnectivity", Transport::NoAgent),
    any("proxy error from", Transport::NoAgent),
    any("expected webhook response of", Transport::NotAReview),
    any("received invalid webhook response", Transport::NotAReview),
    // The answer is of another version than the request.
    any("AdmissionReview) to (", Transport::NotAReview),
    any("not an admissionreview", Transport::NotAReview),
    any("expected response.uid", Transport::NotAReview),
    any("couldn't get version/kind", Transport::NotAReview),
    any("looking for beginning of value", Transport::NotAReview),
    any("webhook response was absent", Transport::NotAReview),
    any(
        "webhook returned response.patch but not response.patchtype",
        Transport::NotAReview,
    ),
    any("failed to validate admissionreview", Transport::NotAReview),
    any("does not support dry run", Transport::DryRun),
    any("' resulted in error", Transport::MatchCondition),
    any("match condition", Transport::MatchCondition),
    any("unsupported protocol scheme", Transport::BadUrl),
    any("missing port in address", Transport::BadUrl),
    any("no host in request url", Transport::BadUrl),
];
