//! Why a request over the network failed: the inner error of a call, in the words of Go, of the API server, of
//! proxies and of Envoy.

mod certificate;
mod dialled;
mod phrases;
mod service;

use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

use super::reading::Values;
use super::value::Key;
use super::words::Part;
use phrases::{PHRASES, Phrase};

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Nobody listens at the address.
    Refused,
    /// No answer to the attempt to connect.
    DialTimeout,
    /// No route to the host.
    NoRoute,
    /// The network or the host is unreachable.
    Unreachable,
    /// The host's own rules forbid the connection.
    NotPermitted,
    /// The name does not resolve.
    NoSuchHost,
    /// TLS failed.
    Tls(Tls),
    /// An answer of HTTP that is no success.
    Http(Http),
    /// The connection was closed in the middle.
    Eof,
    /// The connection was reset, or broke.
    Reset,
    /// A connection that was kept open is dead.
    ConnectionLost,
    /// The server closes the connection, as a proxy or a server that ends does.
    GoAway,
    /// A proxy for HTTPS could not be used.
    ProxyConnect,
    /// No answer within the time.
    Deadline,
    /// No answer within the time: there was not even a connection.
    NoConnection,
    /// No answer within the time: whether there was a connection is not told.
    NoHeaders,
    /// The Service has no endpoints.
    NoEndpoints,
    /// There is no such Service.
    ServiceNotFound,
    /// The Service has no such port.
    PortNotFound,
    /// The Service is headless, or of a type that cannot be called.
    ServiceUnroutable,
    /// The API server may not call the address (EKS).
    AddressNotAllowed,
    /// The tunnel of the control plane has no agent.
    NoAgent,
    /// The answer is no AdmissionReview.
    NotAReview,
    /// The webhook does not allow dry runs.
    DryRun,
    /// A match condition failed.
    MatchCondition,
    /// The URL itself is wrong.
    BadUrl,
    /// Envoy has nobody to send it to.
    NoHealthyUpstream,
}

/// Why TLS failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tls {
    /// The certificate is of an authority that is not trusted.
    UnknownAuthority,
    /// The certificate is for no DNS name at all, as those of workloads are.
    NoNames,
    /// The certificate is for other names.
    WrongName,
    /// The certificate has its name in a place that is not looked at any more.
    LegacyName,
    /// The certificate is no longer, or not yet valid.
    Expired,
    /// The versions or ciphers do not meet.
    Version,
    /// The server failed by itself: it has no certificate.
    Internal,
    /// The client refused the certificate of the server that says so.
    BadCertificate,
    /// The server wants a certificate of the client.
    CertificateRequired,
    /// The other side does not speak TLS.
    NotTls,
    /// The handshake took too long.
    HandshakeTimeout,
    /// The bundle of authorities cannot be read.
    BundleUnreadable,
    /// Another error about a certificate.
    Other,
}

/// An answer of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Http {
    /// 404.
    NotFound,
    /// 5xx of the server itself.
    ServerError,
    /// 503, without who says so.
    Unavailable,
    /// What only proxies and gateways answer.
    Gateway,
    /// 401 or 403.
    Refused,
    /// 400, 413, 415 and others.
    BadRequest,
    /// An error of Envoy in the answer.
    Envoy,
}

static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(PHRASES.iter().map(|phrase| phrase.words))
        .ok()
});

/// The first error of the network in a part of a text, and what comes after it.
pub(super) fn read<'t>(part: Part<'t>, values: &mut Values) -> Option<(Transport, Part<'t>)> {
    let (phrase, begin, end) = first(part.text)?;
    let (before, rest) = part.cut(begin);
    let (words, after) = rest.cut(end - begin);
    values.add(Key::Error, words);
    let transport = detail(phrase, before, words, after, values);
    Some((transport, after))
}

/// An error of the network that a text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    /// Why a request failed.
    pub why: Transport,
    /// The port that was dialled, where it is told.
    pub port: Option<u16>,
    /// Whether it was one's own host that was dialled.
    pub is_local: bool,
}

/// The first error of the network that a text tells.
pub fn network_error(text: &str) -> Option<NetworkError> {
    const OWN: [&str; 3] = ["localhost", "127.0.0.", "::1]"];
    let mut values = Values::default();
    let (why, _) = read(Part::new(text, 0), &mut values)?;
    let port = values.text(Key::DialledPort, text);
    Some(NetworkError {
        why,
        port: port.and_then(|port| port.parse().ok()),
        is_local: OWN.iter().any(|own| text.contains(own)),
    })
}

/// Whether a text tells an error of the network.
pub(super) fn is_told(text: &str) -> bool {
    first(text).is_some()
}

/// The first phrase that is meant as one.
fn first(text: &str) -> Option<(&'static Phrase, usize, usize)> {
    let automaton = AUTOMATON.as_ref()?;
    for found in automaton.find_iter(text) {
        let phrase = PHRASES.get(found.pattern().as_usize())?;
        let before = text.get(..found.start()).unwrap_or_default();
        let after = text.get(found.end()..).unwrap_or_default();
        if phrase.is_meant(before, after) {
            return Some((phrase, found.start(), found.end()));
        }
    }
    None
}

/// What the words around an error add.
fn detail(
    phrase: &Phrase,
    before: Part,
    words: Part,
    after: Part,
    values: &mut Values,
) -> Transport {
    let looks_up = dialled::read(before, values);
    match phrase.means {
        Transport::Refused
        | Transport::DialTimeout
        | Transport::NoRoute
        | Transport::Unreachable
        | Transport::NotPermitted
            if looks_up =>
        {
            Transport::NoSuchHost
        }
        Transport::Tls(tls) => {
            certificate::read(tls, words, after, values);
            Transport::Tls(tls)
        }
        Transport::Http(Http::ServerError)
            if after.message().has("upstream connect error")
                || after.message().has("no healthy upstream") =>
        {
            Transport::Http(Http::Envoy)
        }
        Transport::NoEndpoints
        | Transport::ServiceNotFound
        | Transport::PortNotFound
        | Transport::ServiceUnroutable => {
            service::read(phrase.means, words, after, values);
            phrase.means
        }
        Transport::NotAReview => {
            if let Some(version) = version_of_answer(before, after) {
                values.add(Key::Answered, version);
            }
            phrase.means
        }
        means => means,
    }
}

/// The version of an answer that is no AdmissionReview of the right one: `converting (v1beta1.AdmissionReview) to (v1.`,
/// or `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1beta1, Kind=`.
fn version_of_answer<'t>(before: Part<'t>, after: Part<'t>) -> Option<Part<'t>> {
    let version = match before.text.rfind("converting (") {
        Some(at) => before.cut(at).1.after("(")?.until("."),
        None => after.message().after(", got ")?.word().0,
    };
    version.text.contains(|c| c != '/').then_some(version)
}

/// The error that a text breaks off in the middle of, or one of a certificate in words that are not known.
pub(super) fn read_cut(part: Part, values: &mut Values) -> Option<Transport> {
    breaks_off(part, values).or_else(|| {
        let message = part.message();
        let at = message.text.find("x509: ")?;
        values.add(Key::Error, message.cut(at).1);
        Some(Transport::Tls(Tls::Other))
    })
}

fn breaks_off(part: Part, values: &mut Values) -> Option<Transport> {
    const SHORTEST: usize = 8;
    let part = part
        .message()
        .trim()
        .trim_end_of(&['.', '\u{2026}', ' ', '"']);
    let tail = part
        .text
        .char_indices()
        .rev()
        .nth(60)
        .map_or(0, |(at, _)| at);
    let (_, tail) = part.cut(tail);
    let starts = tail.text.char_indices().filter(|(at, c)| {
        let before = tail
            .text
            .get(..*at)
            .and_then(|before| before.chars().next_back());
        c.is_alphanumeric() && !before.is_some_and(char::is_alphanumeric)
    });
    for (at, _) in starts {
        let (_, end) = tail.cut(at);
        if end.text.len() < SHORTEST {
            return None;
        }
        let begins = |phrase: &&Phrase| {
            let begin = phrase.words.get(..end.text.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(end.text))
        };
        let meant = || PHRASES.iter().filter(begins);
        let shortest = meant().min_by_key(|phrase| phrase.words.len());
        // Longer ones that go on from the shortest say the same and more.
        let is_it = |one: &Phrase| {
            meant().all(|other| other.means == one.means || other.words.starts_with(one.words))
        };
        if let Some(one) = shortest.filter(|one| is_it(one)) {
            values.add(Key::Error, end);
            return Some(one.means);
        }
    }
    None
}
