//! The values of annotations other than quantities and configurations.

use crate::rules::go;
use crate::rules::verdict::Verdict;

fn valid_if(sound: bool, problem: impl FnOnce() -> String) -> Verdict {
    if sound {
        Verdict::Valid
    } else {
        Verdict::Invalid(problem())
    }
}

/// The first problem with an item of a list. An empty list has none.
fn each(list: &str, problem: impl Fn(&str) -> Option<String>) -> Verdict {
    if list.is_empty() {
        return Verdict::Valid;
    }
    let problem = list.split(',').find_map(problem);
    problem.map_or(Verdict::Valid, Verdict::Invalid)
}

pub(super) fn interception(mode: &str) -> Verdict {
    let known = ["REDIRECT", "TPROXY", "NONE"].contains(&mode);
    valid_if(known, || format!("{mode:?} is not a mode"))
}

/// `parsePort`: surrounding space is allowed.
pub(super) fn port(text: &str) -> Verdict {
    let port = go::parse_uint(text.trim(), u16::MAX.into());
    valid_if(port.is_some(), || format!("{text:?} is not a port number"))
}

pub(super) fn number(text: &str) -> Verdict {
    let number = go::parse_uint(text, u32::MAX.into());
    valid_if(number.is_some(), || {
        format!("{text:?} is not a whole number")
    })
}

pub(super) fn boolean(text: &str) -> Verdict {
    let boolean = go::parse_bool(text);
    valid_if(boolean.is_some(), || {
        format!("{text:?} is neither true nor false")
    })
}

pub(super) fn ranges_or_all(list: &str) -> Verdict {
    match list {
        "*" => Verdict::Valid,
        list => ranges(list),
    }
}

pub(super) fn ranges(list: &str) -> Verdict {
    each(list, |range| {
        let problem = go::is_prefix(range).err()?;
        Some(format!("{range:?} is not an IP range: {problem}"))
    })
}

pub(super) fn ports_or_all(list: &str) -> Verdict {
    match list {
        "*" => Verdict::Valid,
        list => ports(list),
    }
}

/// `parsePorts`: surrounding space is allowed, an empty list too, an empty entry is not.
pub(super) fn ports(list: &str) -> Verdict {
    match list.trim() {
        "" => Verdict::Valid,
        list => list
            .split(',')
            .map(port)
            .fold(Verdict::Valid, Verdict::worse),
    }
}

/// `ValidateInterfaceNames` of Istio `pkg/util/net/ip.go`.
pub(super) fn interfaces(list: &str) -> Verdict {
    each(list, |name| match name.trim() {
        "" => Some("it holds an empty name".to_owned()),
        name if name.len() > 15 => Some(format!("{name:?} is longer than 15 bytes")),
        name => {
            let letter_first = name.starts_with(|first: char| first.is_ascii_alphabetic());
            let sound = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
            (!letter_first || !sound).then(|| format!("{name:?} is not the name of an interface"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn values_are_judged_as_by_istiod() {
        check(
            "sidecar.istio.io/interceptionMode",
            &["REDIRECT", "TPROXY", "NONE"],
            &["", "tproxy", "REDIRECT "],
        );
        check(
            "status.sidecar.istio.io/port",
            &["0", "15020", " 15020\n", "00080"],
            &["", "-1", "+1", "70000", "http", "1 5"],
        );
        check(
            "readiness.status.sidecar.istio.io/initialDelaySeconds",
            &["0", "4294967295"],
            &["", " 1", "1s", "-1", "4294967296"],
        );
        check(
            "readiness.status.sidecar.istio.io/periodSeconds",
            &["7"],
            &["7 "],
        );
        check(
            "readiness.status.sidecar.istio.io/failureThreshold",
            &["007"],
            &["0x7"],
        );
        check(
            "traffic.sidecar.istio.io/includeOutboundIPRanges",
            &[
                "",
                "*",
                "10.0.0.0/8,192.168.0.0/16",
                "10.1.2.3/8",
                "fd00::/8",
            ],
            &[
                "10.0.0.0/8, 10.1.0.0/16",
                "10.0.0.1",
                "*,10.0.0.0/8",
                "10.0.0.0/8,",
                "fe80::1%eth0/64",
                " ",
            ],
        );
        check(
            "traffic.sidecar.istio.io/excludeOutboundIPRanges",
            &["", "10.0.0.0/8"],
            &["*", "10.0.0.1"],
        );
        check(
            "traffic.sidecar.istio.io/includeInboundPorts",
            &["", " ", "*", "80", " 80 , 443 "],
            &["80-90", "http", "80,", "* ", "80,*"],
        );
        check(
            "traffic.sidecar.istio.io/excludeInboundPorts",
            &["", "80,443"],
            &["*", ","],
        );
        check(
            "traffic.sidecar.istio.io/excludeOutboundPorts",
            &["65535"],
            &["65536"],
        );
        for name in [
            "traffic.sidecar.istio.io/excludeInterfaces",
            "traffic.sidecar.istio.io/kubevirtInterfaces",
            "istio.io/reroute-virtual-interfaces",
        ] {
            check(
                name,
                &["", "eth0", " eth0 , br-1.x_y", "a23456789012345"],
                &[
                    " ",
                    ",",
                    "eth0,",
                    "0eth",
                    "_eth",
                    "a234567890123456",
                    "eth0:1",
                    "veth@if1",
                    "ünf0",
                ],
            );
        }
        check(
            "prometheus.istio.io/merge-metrics",
            &["true", "0", "T"],
            &["", "yes", "tRUE", " true"],
        );
    }
}
