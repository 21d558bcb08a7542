//! How long to wait: for the connection, for one answer, for all of them.

use std::time::Duration;

use super::{Size, Sizes};

/// How long the reads may take, where `None` waits for ever, and how much they may bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until TCP and TLS are up.
    pub connect: Option<Duration>,
    /// Until one request is answered.
    pub request: Option<Duration>,
    /// Until all of them are.
    pub total: Option<Duration>,
    /// How many bytes answers may have.
    pub sizes: Sizes,
}

impl Limits {
    /// The limits that follow from `--request-timeout` (none given, zero for never, or a duration) and
    /// from `--max-read-size`.
    ///
    /// The reads of a run come in at most four waves, most of them in two; so three times the limit
    /// of one is enough for all where the server is only slow.
    pub fn new(request_timeout: Option<Duration>, max_read_size: Option<Size>) -> Self {
        let sizes = Sizes::new(max_read_size);
        match request_timeout {
            None => Self {
                connect: Some(Duration::from_secs(5)),
                request: Some(Duration::from_secs(10)),
                total: Some(Duration::from_secs(30)),
                sizes,
            },
            Some(Duration::ZERO) => Self {
                connect: None,
                request: None,
                total: None,
                sizes,
            },
            Some(limit) => Self {
                connect: Some(limit),
                request: Some(limit),
                total: Some(limit.saturating_mul(3)),
                sizes,
            },
        }
    }
}

/// A `--request-timeout` that kubectl would not take either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time-out; write it like 10s, 1m30s or 500ms, or 0 for none")]
pub struct TimeoutError(String);

/// Reads a time-out as kubectl's `--request-timeout` does: seconds, or a duration of Go's.
///
/// # Errors
/// [`TimeoutError`] for anything else, and for negative ones.
pub fn parse_timeout(text: &str) -> Result<Duration, TimeoutError> {
    go_duration(text)
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| TimeoutError(text.to_owned()))
}

/// Go's longest duration, some 292 years.
const LONGEST: Duration = Duration::from_nanos(i64::MAX as u64);

/// Source: `ParseTimeout` in `k8s.io/client-go/tools/clientcmd/helpers.go`, `time.ParseDuration` in Go 1.26.
fn go_duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| c != '.' && !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(unit_at);
        let unit_ends = after.find(|c: char| c == '.' || c.is_ascii_digit());
        let (unit, next) = after.split_at(unit_ends.unwrap_or(after.len()));
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = next;
    }
    (!text.is_empty() && text != "+").then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_outs_are_read_as_kubectl_reads_them() {
        let table = [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("5", Some(5_000)),
            ("10s", Some(10_000)),
            ("1m", Some(60_000)),
            ("1m30s", Some(90_000)),
            ("1.5h", Some(5_400_000)),
            (".5s", Some(500)),
            ("300ms", Some(300)),
            ("+2s", Some(2_000)),
            ("", None),
            ("+", None),
            ("-1", None),
            ("-1s", None),
            ("1.5", None),
            ("10 s", None),
            ("s", None),
            (".s", None),
            ("1d", None),
            ("1s2", None),
            ("99999999999999999999h", None),
            ("9223372036854775807", None),
            ("9223372036854775807h", None),
            ("9223372037", None),
            ("9223372036", Some(9_223_372_036_000)),
        ];
        for (text, expected) in table {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(parse_timeout(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_total_follows_from_the_limit_of_one_request() {
        let minute = Duration::from_secs(60);
        assert_eq!(Limits::new(Some(minute), None).total, Some(3 * minute));
        assert_eq!(Limits::new(Some(Duration::ZERO), None).request, None);
        let limits = Limits::new(None, None);
        assert!(limits.connect < limits.request);
    }
}
