//! Sentences that quote a credential.

use super::{REDACTED, without_user};

/// The text with what looks like a credential replaced: values of variables, flags and fields that are called like one,
/// users of URLs, what follows `Bearer`, tokens of known form, private keys. All else stays.
pub fn without_credentials(text: &str) -> String {
    let text = without_private_keys(text);
    let mut scan = Scan {
        rest: &text,
        out: String::with_capacity(text.len()),
        next: Next::Anything,
    };
    while scan.step() {}
    scan.out
}

/// What the next piece of a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Anything,
    /// A value, if `:` or `=` comes first.
    Assigned(Name),
    /// A value.
    Value(Name),
}

/// How certain a name calls a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Surely,
    /// So may other things be called: the value has to look like one.
    Perhaps,
}

struct Scan<'t> {
    rest: &'t str,
    out: String,
    next: Next,
}

impl<'t> Scan<'t> {
    /// Takes what separates two pieces, and a piece; false at the end.
    fn step(&mut self) -> bool {
        let gap = self.take(|c| !separates(c));
        self.out.push_str(gap);
        let next = std::mem::replace(&mut self.next, Next::Anything);
        let quote = gap.chars().next_back().filter(|c| "\"'`".contains(*c));
        let piece = self.take(separates);
        if piece.is_empty() {
            return false;
        }
        match next {
            Next::Value(name) if name == Name::Surely || looks_secret(piece) => {
                self.value(piece, quote);
            }
            Next::Assigned(name) if piece.starts_with([':', '=']) => {
                let (sign, value) = piece.split_at_checked(1).unwrap_or((piece, ""));
                self.out.push_str(sign);
                match value {
                    "" => self.next = Next::Value(name),
                    value => self.value(value, None),
                }
            }
            _ => self.piece(piece),
        }
        true
    }

    fn take(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// A value, with all that stands in the same quotes.
    fn value(&mut self, piece: &str, quote: Option<char>) {
        if is_scheme(piece) {
            self.out.push_str(piece);
            self.next = Next::Value(Name::Surely);
            return;
        }
        if let Some(quote) = quote {
            self.take(|c| c == quote);
        }
        self.out.push_str(REDACTED);
    }

    fn piece(&mut self, piece: &str) {
        if is_scheme(piece) {
            self.out.push_str(piece);
            let word = self.rest.trim_start().to_lowercase();
            let is_prose = ["token", "auth"]
                .iter()
                .any(|start| word.starts_with(start));
            if !is_prose {
                self.next = Next::Value(Name::Surely);
            }
            return;
        }
        if is_token(piece) {
            self.out.push_str(REDACTED);
            return;
        }
        let piece = without_login(piece);
        let mut rest = piece.as_str();
        while let Some(at) = rest.find(['&', '?']) {
            let (one, more) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.assignment(one);
            let (mark, more) = more.split_at_checked(1).unwrap_or((more, ""));
            self.out.push_str(mark);
            rest = more;
        }
        self.assignment(rest);
    }

    fn assignment(&mut self, text: &str) {
        self.next = Next::Anything;
        let sign = text.find(['=', ':']);
        let Some((name, value)) = sign.and_then(|at| text.split_at_checked(at)) else {
            self.out.push_str(text);
            if let Some(name) = secret(text) {
                self.next = match text.starts_with('-') {
                    true => Next::Value(name),
                    false => Next::Assigned(name),
                };
            }
            return;
        };
        let (sign, value) = value.split_at_checked(1).unwrap_or((value, ""));
        let certainty = match (secret(name), sign) {
            // Nobody writes a sentence with an equals sign.
            (Some(_), "=") => Some(Name::Surely),
            (certainty, _) => certainty,
        };
        match certainty {
            Some(certainty) if value.is_empty() => {
                self.out.push_str(text);
                self.next = Next::Value(certainty);
            }
            Some(certainty) if certainty == Name::Surely || looks_secret(value) => {
                self.out.push_str(name);
                self.out.push_str(sign);
                self.out.push_str(REDACTED);
            }
            _ if value.contains(['=', ':']) => {
                self.out.push_str(name);
                self.out.push_str(sign);
                self.assignment(value);
            }
            _ => self.out.push_str(text),
        }
    }
}

fn separates(c: char) -> bool {
    c.is_whitespace() || "\"'`,;()[]{}<>|\\".contains(c)
}

fn is_scheme(word: &str) -> bool {
    word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic")
}

/// Whether a variable, a flag or a field of this name holds a credential.
fn secret(name: &str) -> Option<Name> {
    // Longer ones are no names: base64, for instance, which ends with an equals sign.
    const LONGEST: usize = 64;
    const SURELY: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "apikey",
        "accesskey",
        "privatekey",
        "secretkey",
        "clientsecret",
        "credential",
        "authorization",
    ];
    const PERHAPS: [&str; 4] = ["secret", "token", "auth", "pass"];
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    if name.len() > LONGEST {
        return None;
    }
    if SURELY.iter().any(|word| plain.contains(word)) {
        return Some(Name::Surely);
    }
    let perhaps = PERHAPS.iter().any(|word| plain.ends_with(word));
    perhaps.then_some(Name::Perhaps)
}

fn looks_secret(value: &str) -> bool {
    value.len() >= 20 || value.len() >= 6 && value.contains(|c: char| c.is_ascii_digit())
}

/// Whether a word has the form of a token: a JSON Web Token, or one of a vendor that marks its own.
fn is_token(word: &str) -> bool {
    const MARKS: [&str; 9] = [
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
    ];
    let is_web_token = word.starts_with("eyJ") && word.matches('.').count() == 2;
    is_web_token || word.len() >= 16 && MARKS.iter().any(|mark| word.starts_with(mark))
}

/// A URL, or an address in its form, without a user.
fn without_login(piece: &str) -> String {
    if piece.contains("://") {
        return without_user(piece);
    }
    match piece.split_once('@') {
        Some((login, host))
            if login.contains(':') && !login.contains('/') && !host.starts_with("sha") =>
        {
            format!("{REDACTED}@{host}")
        }
        _ => piece.to_owned(),
    }
}

fn without_private_keys(text: &str) -> String {
    const END: &str = "PRIVATE KEY-----";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(END) {
        out.push_str(before);
        out.push_str(END);
        match after.split_once("-----END") {
            Some((_, end)) => {
                out.push_str(REDACTED);
                out.push_str("-----END");
                let (end, more) = end.split_once(END).unwrap_or((end, ""));
                out.push_str(end);
                out.push_str(END);
                rest = more;
            }
            None => {
                out.push_str(REDACTED);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_goes() {
        for (text, expected) in [
            (
                "env DB_PASSWORD=hunter2, then",
                "env DB_PASSWORD=REDACTED, then",
            ),
            ("PASSWORD='a b c' next", "PASSWORD='REDACTED' next"),
            (
                r#"{"password":"x y","a":"b"}"#,
                r#"{"password":"REDACTED","a":"b"}"#,
            ),
            (r#"{"password": hunter}"#, r#"{"password": REDACTED}"#),
            (
                "mysql --password hunter2 -h db",
                "mysql --password REDACTED -h db",
            ),
            ("run --api-key=k", "run --api-key=REDACTED"),
            ("password: x", "password: REDACTED"),
            (
                "Authorization: Bearer abc.def",
                "Authorization: Bearer REDACTED",
            ),
            ("got Bearer abc", "got Bearer REDACTED"),
            (
                "get https://u:p@h/x?token=k&a=b",
                "get https://REDACTED@h/x?token=REDACTED&a=b",
            ),
            ("pull \"u:p@r/image:1\"", "pull \"REDACTED@r/image:1\""),
            ("token: a1b2c3d4", "token: REDACTED"),
            ("a eyJh.eyJz.sig b", "a REDACTED b"),
            ("key AKIAABCDEFGHIJKLMNOP", "key REDACTED"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n",
                "-----BEGIN RSA PRIVATE KEY-----REDACTED-----END RSA PRIVATE KEY-----\n",
            ),
        ] {
            assert_eq!(without_credentials(text), expected);
            assert_eq!(without_credentials(expected), expected, "again");
        }
    }

    #[test]
    fn what_tells_the_cause_stays() {
        for text in [
            "Internal error occurred: failed calling webhook \"namespace.sidecar-injector.istio.io\": failed to call \
             webhook: Post \"https://istiod.istio-system.svc:443/inject?timeout=10s\": dial tcp 10.96.1.2:443: connect: \
             connection refused",
            "x509: certificate signed by unknown authority (possibly because of \"crypto/rsa: verification error\" \
             while trying to verify candidate authority certificate \"cluster.local\")",
            "MountVolume.SetUp failed for volume \"istio-token\" : failed to fetch token: pods \"a\" not found",
            "error looking up service account shop/x: serviceaccount \"x\" not found",
            "secret \"cacerts\" not found",
            "pods \"a\" is forbidden: exceeded quota: q, requested: cpu=100m, used: cpu=1, limited: cpu=1",
            "Failed to pull image \"r:5000/i:1@sha256:0123456789abcdef\": unauthorized: authentication required",
            "0/3 nodes are available: 3 Insufficient cpu.",
            "the server returned Basic authentication required",
            "user system:serviceaccount:shop:default cannot get secrets",
        ] {
            assert_eq!(without_credentials(text), text);
        }
    }
}
