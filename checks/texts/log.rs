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

/// The lines of a log that tell something of what is read here, or that the network failed; each with the time that
/// the kubelet puts before it (`timestamps=true`).
pub fn telling_lines(log: &str) -> Vec<Line> {
    let lines = log.lines().map(line);
    lines.filter(|line| is_telling(&line.text)).collect()
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
}
