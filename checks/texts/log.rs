//! The lines of a container's log that tell something: what else a program writes is nobody's concern here.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::facts::Line;

use super::words::{Part, has};
use super::{read, transport};

/// The longest line that is looked at, in bytes: of what a program repeats in one line, the start tells enough.
const LONGEST: usize = 4096;

/// What programs say that cannot listen at a port; few say at which.
pub const TAKEN: &str = "address already in use";

/// What istiod logs of each pod that it is asked about, of Istio 1.31 and of older ones.
/// Source: `inject` in `pkg/kube/inject/webhook.go`.
const ASKED: [&str; 2] = [
    "Process sidecar injection request",
    "Process proxy injection request",
];

/// The lines of a log that tell something of what is read here, or that the network failed; each with the time that
/// the kubelet puts before it (`timestamps=true`). Where they have to be about something, those of istiod's that tell
/// no more than that it was asked, too.
pub fn telling_lines(log: &str, about: Option<&str>) -> Vec<Line> {
    let lines = log.lines().map(line);
    let is_wanted = |text: &str| match about {
        Some(about) => text.contains(about) && (is_request(text) || is_telling(text)),
        None => is_telling(text),
    };
    lines.filter(|line| is_wanted(&line.text)).collect()
}

/// When the first line of a log was written.
pub fn begins(log: &str) -> Option<Time> {
    line(log.lines().next()?).at
}

/// Whether istiod tells that it was asked about a pod.
pub fn is_request(line: &str) -> bool {
    ASKED.iter().any(|words| line.contains(words))
}

fn line(line: &str) -> Line {
    let dated = line.split_once(' ');
    let dated = dated.and_then(|(time, rest)| Some((to_the_second(time)?, rest)));
    let (at, text) = match dated {
        Some((at, rest)) => (Some(at), rest),
        None => (None, line),
    };
    Line {
        at,
        text: Part::of(text, 0..LONGEST).text.to_owned(),
    }
}

/// Times of Kubernetes' API are to the second.
fn to_the_second(time: &str) -> Option<Time> {
    let time: Timestamp = time.parse().ok()?;
    Timestamp::from_second(time.as_second()).ok().map(Time)
}

fn is_telling(line: &str) -> bool {
    transport::is_told(line) || has(line, TAKEN) || !read(line).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_tell_nothing_are_left_out() {
        let lines = telling_lines(
            "2026-11-27T10:00:00Z password=secret\n\
             2026-11-27T10:00:01.5Z dial tcp 10.0.0.1:443: connect: connection refused\n\
             Envoy proxy is NOT ready: config not received from XDS server (is Istiod running?)\n\
             2026-11-27T10:00:02Z\n\n",
            None,
        );
        let told: Vec<_> = lines
            .iter()
            .map(|one| (one.at.as_ref().map(|at| at.0), one.text.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    Some("2026-11-27T10:00:01Z".parse().unwrap()),
                    "dial tcp 10.0.0.1:443: connect: connection refused"
                ),
                (
                    None,
                    "Envoy proxy is NOT ready: config not received from XDS server (is Istiod running?)"
                ),
            ]
        );
    }

    #[test]
    fn of_istiod_the_lines_about_the_pods_that_are_meant() {
        let log = "2026-11-27T10:00:00.5Z starting\n\
             2026-11-27T10:00:01Z info\tProcess sidecar injection request\tpath=/inject pod=shop/web-5d8-***** (actual name not yet known)\n\
             2026-11-27T10:00:01Z info\tSkipping due to policy check\tpath=/inject pod=shop/web-5d8-***** (actual name not yet known)\n\
             2026-11-27T10:00:02Z info\tProcess sidecar injection request\tpath=/inject pod=shop/other-1-***** (actual name not yet known)\n\
             2026-11-27T10:00:03Z info\tPush debounce stable for shop/web-5d8-\n";
        let lines = telling_lines(log, Some("shop/web-5d8-"));
        let requests: Vec<_> = lines.iter().map(|one| is_request(&one.text)).collect();
        assert_eq!(requests, [true, false]);
        assert_eq!(telling_lines(log, Some("shop/others-")), []);
        let begins = begins(log).unwrap();
        assert_eq!(begins.0.to_string(), "2026-11-27T10:00:00Z");
    }
}
