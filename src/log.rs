//! What happens on the way, on standard error: `-v`.

use std::io::{self, Write};
use std::time::Duration;

use injdoctor_checks::facts::Read;

use crate::docs;
use crate::render::sanitize;

/// Checks that are named as the reason of a read; where there are more, they are counted.
const NAMED: usize = 4;

/// Who is told of what happens on the way. Nobody, by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    level: u8,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// Its status.
    pub code: Option<u16>,
    /// The bytes of its body, unpacked, where it came to its end.
    pub bytes: Option<usize>,
    /// What was wrong with it.
    pub trouble: Option<String>,
}

impl Log {
    /// A log for so many `-v`.
    pub fn new(level: u8) -> Self {
        Self { level }
    }

    /// Whether anything is told, so that standard error is no place for a spinner.
    pub fn is_on(self) -> bool {
        self.level > 0
    }

    /// Tells a request and what came of it.
    pub fn request(self, path: &str, came: &Came, took: Duration) {
        if self.level >= 1 {
            line(&request(path, came, took));
        }
    }

    /// Tells the reads of a plan, each with the checks that look at it.
    pub fn plan(self, number: usize, reads: &[Read]) {
        if self.level < 2 || reads.is_empty() {
            return;
        }
        let because = match number {
            1 => "from what was asked alone",
            _ => "from what the reads before it brought",
        };
        line(&format!("plan {number}, {because}: {} reads", reads.len()));
        for read in reads {
            line(&format!("  {} {read}: {}", read.verb(), why(read)));
        }
    }
}

fn request(path: &str, came: &Came, took: Duration) -> String {
    let code = came.code.map(|code| format!(" {code}")).unwrap_or_default();
    let bytes = came.bytes.map(|bytes| format!(", {bytes} bytes"));
    let trouble = came.trouble.as_ref().map(|words| format!(": {words}"));
    format!(
        "GET {}{code}{}, {} ms{}",
        without_token(path),
        bytes.unwrap_or_default(),
        took.as_millis(),
        trouble.unwrap_or_default()
    )
}

/// A path without the token that continues a list: it is long, and says nothing.
fn without_token(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let shown = query.split('&').map(|one| match one.split_once('=') {
        Some(("continue", _)) => "continue=...",
        _ => one,
    });
    let shown: Vec<_> = shown.filter(|one| !one.is_empty()).collect();
    match shown.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", shown.join("&")),
    }
}

fn why(read: &Read) -> String {
    let codes = docs::checks_that_read(read.verb(), read.resource.name().as_str());
    match codes.as_slice() {
        [] => "to find what else to read".to_owned(),
        codes if codes.len() <= NAMED => format!("for {}", codes.join(", ")),
        codes => format!("for {} checks", codes.len()),
    }
}

fn line(words: &str) {
    // Where standard error is closed, there is nowhere left to say it.
    let _ = writeln!(io::stderr(), "{}", sanitize(words, false));
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::facts::Resource;

    #[test]
    fn a_request_is_one_line_without_the_token_of_its_list() {
        let came = |code, bytes, trouble: Option<&str>| Came {
            code,
            bytes,
            trouble: trouble.map(str::to_owned),
        };
        for (path, came, expected) in [
            (
                "/api/v1/pods?&limit=500&continue=eyJ2Ijoi",
                came(Some(200), Some(12), None),
                "GET /api/v1/pods?limit=500&continue=... 200, 12 bytes, 3 ms",
            ),
            (
                "/version?",
                came(None, None, Some("connection refused")),
                "GET /version, 3 ms: connection refused",
            ),
        ] {
            assert_eq!(request(path, &came, Duration::from_millis(3)), expected);
        }
    }

    #[test]
    fn a_read_is_told_with_the_checks_that_look_at_it() {
        let pods = Read::list(Resource::Pod, Some("shop"));
        assert!(why(&pods).ends_with(" checks"), "{}", why(&pods));
    }
}
