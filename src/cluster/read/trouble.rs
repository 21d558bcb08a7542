//! What goes wrong with a request, told apart by what it says about the server.

use std::error::Error;
use std::iter::successors;
use std::time::Duration;

use h2::Reason;
use kube::core::Status;

use super::cut;
use crate::cluster::connect::Size;

/// A request that brought no object.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// The API server answered with an error.
    Api(Box<Status>),
    /// Something answered with an error that is not the API server's: its code, and how it begins.
    Foreign(u16, String),
    /// No answer in time.
    Late(Duration),
    /// The time for all requests was over before this one could be sent.
    TooLate,
    /// The connection failed.
    Transport(String),
    /// The server ended the connection, or the stream, and says that it has not looked at the request (RFC 9113, 6.8 and
    /// 8.7): as an API server does that shuts down, or with `--goaway-chance`.
    Unheard(String),
    /// The answer was not what was asked for.
    Malformed(String),
    /// More came than is read.
    TooLarge {
        /// What came, with its verb.
        what: &'static str,
        /// How much is read.
        limit: Size,
    },
    /// There is no such request.
    Unsent(String),
}

/// How much of a text of somebody else's to keep, in bytes. It stands in the report of every check
/// that needed the read, so it has to be short; the API server's own words about a read are.
pub const WORDS: usize = 1024;
/// How much to show of a text that is not the API server's.
const FOREIGN_WORDS: usize = 200;

impl From<kube::Error> for Trouble {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Api(status),
            error if is_unheard(&error) => Self::Unheard(words(&error)),
            error => Self::Transport(words(&error)),
        }
    }
}

/// Whether HTTP/2 says that nothing was done for the request.
fn is_unheard(error: &kube::Error) -> bool {
    let reason = causes(error).find_map(|cause| cause.downcast_ref::<h2::Error>()?.reason());
    matches!(reason, Some(Reason::NO_ERROR | Reason::REFUSED_STREAM))
}

/// What an error was caused by, outermost first.
fn causes(error: &kube::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(error.source(), |&cause| cause.source())
}

impl Trouble {
    /// An answer that is not what was asked for, and why. The reason may hold words of the answer.
    pub fn malformed(why: &str) -> Self {
        Self::Malformed(cut(why, WORDS).into_owned())
    }

    /// An error with this code and this text that is not the API server's.
    pub fn foreign(code: u16, text: &str) -> Self {
        let first = text.trim().lines().next().unwrap_or_default();
        Self::Foreign(code, cut(first, FOREIGN_WORDS).into_owned())
    }

    /// Whether the same request may well succeed a moment later.
    pub fn is_passing(&self) -> bool {
        let code = match self {
            Self::Api(status) => status.code,
            Self::Foreign(code, _) => *code,
            Self::Unheard(_) => return true,
            _ => return false,
        };
        matches!(code, 429 | 503 | 504)
    }

    /// How long the server asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        let Self::Api(status) = self else {
            return None;
        };
        let seconds = status.details.as_ref()?.retry_after_seconds;
        (seconds > 0).then(|| Duration::from_secs(seconds.into()))
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Api(status) if status.message.is_empty() => {
                write!(
                    f,
                    "the API server answered {} {}",
                    status.code, status.reason
                )
            }
            Self::Api(status) => f.write_str(&status.message),
            Self::Foreign(code, text) => write!(f, "it answered {code} {text:?}"),
            Self::Late(limit) => write!(f, "no answer within {limit:?}"),
            Self::TooLate => f.write_str("the time for all requests was over"),
            Self::Transport(words) | Self::Unheard(words) => f.write_str(words),
            Self::Malformed(why) => write!(f, "the answer is not what was asked for: {why}"),
            Self::TooLarge { what, limit } => {
                write!(f, "{what} larger than {limit}; --max-read-size allows more")
            }
            Self::Unsent(why) => write!(f, "this cannot be asked: {why}"),
        }
    }
}

/// An error and its causes in one line. Layers that only repeat what is below them are left out.
pub fn words(error: &kube::Error) -> String {
    let mut layers = vec![error.to_string()];
    for cause in causes(error) {
        let text = cause.to_string();
        for layer in &mut layers {
            let outer = layer.strip_suffix(&text).unwrap_or(layer);
            *layer = outer.trim_end_matches([':', ' ']).to_owned();
        }
        layers.push(text);
    }
    layers.retain(|layer| !is_noise(layer));
    cut(&layers.join(": "), WORDS).into_owned()
}

/// The names of the layers of kube and hyper, which tell a person nothing.
fn is_noise(layer: &str) -> bool {
    matches!(
        layer,
        "" | "Failed to infer provided configuration"
            | "rustls tls error"
            | "ServiceError"
            | "HyperError"
            | "auth error"
            | "client error (Connect)"
            | "client error (SendRequest)"
    )
}

/// What to try where a connection failed.
pub fn hint(words: &str) -> &'static str {
    let has = |part: &str| words.contains(part);
    if has("tunnel") || has("SOCKS") {
        "a proxy stands in between, and cannot be reached or does not let it through: check HTTPS_PROXY, NO_PROXY and proxy-url in the kubeconfig"
    } else if has("UnknownIssuer") || has("BadSignature") {
        "its certificate is not signed by the certificate-authority of the kubeconfig: the cluster was made anew, or a proxy answers in its place"
    } else if has("Expired") || has("NotValidYet") || has("expired") || has("not valid yet") {
        "its certificate is not valid now: check the clock of this machine, or renew the API server's certificate"
    } else if has("NotValidForName") || has("not valid for name") {
        "its certificate is for another name: set tls-server-name in the kubeconfig, or use an address that it holds"
    } else if has("peer certificate")
        || has("received fatal alert")
        || has("InvalidMessage")
        || has("corrupt message")
    {
        "TLS failed: check scheme, port and certificates with `kubectl config view --minify`"
    } else if has("lookup address") {
        "its name cannot be resolved: check the address with `kubectl config view --minify`, DNS and VPN"
    } else if has("refused") {
        "nothing listens there: check the address with `kubectl config view --minify`"
    } else {
        "check the address with `kubectl config view --minify`, the VPN and the firewall; --request-timeout waits longer"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_that_repeat_their_causes_are_said_once() {
        let inner = std::io::Error::other("connection reset");
        let error = kube::Error::Service(Box::new(inner));
        assert_eq!(words(&error), "connection reset");
    }

    #[test]
    fn every_failed_connection_has_a_hint_of_its_own() {
        let table = [
            (
                "tunnel error: failed to create underlying connection: Connection refused",
                "a proxy stands in between",
            ),
            (
                "invalid peer certificate: UnknownIssuer",
                "not signed by the certificate-authority",
            ),
            (
                "invalid peer certificate: certificate expired: verification time",
                "not valid now",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"x\"",
                "for another name",
            ),
            ("received fatal alert: HandshakeFailure", "TLS failed"),
            (
                "dns error: failed to lookup address information",
                "cannot be resolved",
            ),
            (
                "tcp connect error: Connection refused (os error 111)",
                "nothing listens there",
            ),
            (
                "tcp connect error: deadline has elapsed",
                "the VPN and the firewall",
            ),
        ];
        for (words, expected) in table {
            assert!(hint(words).contains(expected), "{words}: {}", hint(words));
        }
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        let api = |code| Trouble::Api(Status::failure("m", "r").with_code(code).boxed());
        for (code, passing) in [
            (429, true),
            (503, true),
            (504, true),
            (500, false),
            (403, false),
        ] {
            assert_eq!(api(code).is_passing(), passing, "{code}");
        }
        assert!(Trouble::foreign(429, "Too many requests").is_passing());
        assert!(!Trouble::Malformed(String::new()).is_passing());
        for (reason, passing) in [
            (Reason::NO_ERROR, true),
            (Reason::REFUSED_STREAM, true),
            (Reason::INTERNAL_ERROR, false),
        ] {
            let error = kube::Error::Service(Box::new(h2::Error::from(reason)));
            assert_eq!(Trouble::from(error).is_passing(), passing, "{reason}");
        }
    }
}
