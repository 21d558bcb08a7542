//! The annotations of a pod that istiod checks before it injects, and refuses the pod for.

use super::{golang, proxy_config};
use std::collections::BTreeMap;

/// An answer in three values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted.
    Valid,
    /// Refused, and why, in words that follow "refused because".
    Invalid(String),
    /// It depends on something that is not decided here, and on what.
    CannotTell(String),
}

impl Verdict {
    /// The one that says more against the value.
    pub(crate) fn worse(self, other: Verdict) -> Verdict {
        match (&self, &other) {
            (Verdict::Invalid(_), _) => self,
            (_, Verdict::Invalid(_)) | (Verdict::Valid, _) => other,
            (Verdict::CannotTell(_), _) => self,
        }
    }
}

/// An annotation that istiod refuses a pod for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAnnotation {
    /// The name of the annotation.
    pub name: String,
    /// Its value, as on the pod.
    pub value: String,
    /// What is wrong with the value.
    pub reason: String,
    /// What would be accepted.
    pub accepted: &'static str,
}

/// The annotations that istiod refuses the pod for, in the order of their names.
///
/// The API server then answers `admission webhook "…" denied the request: failed to run injection template: …`, with one
/// `invalid value '…' for annotation '…': …` for each of them. Only pods that istiod wants to inject are checked.
///
/// The rules are those of 1.32-dev; older versions check less: names of interfaces only since 1.30 (and 1.27.9, 1.28.5),
/// and only the fields of `proxy.istio.io/config` that they know.
///
/// Source: `AnnotationValidation` and `validateAnnotations` of Istio `pkg/kube/inject/validate.go` (1.32-dev).
pub fn invalid_annotations(annotations: &BTreeMap<String, String>) -> Vec<InvalidAnnotation> {
    findings(annotations, |verdict| match verdict {
        Verdict::Invalid(reason) => Some(reason),
        _ => None,
    })
}

/// The annotations that istiod might refuse the pod for; `reason` says what it depends on.
pub fn unclear_annotations(annotations: &BTreeMap<String, String>) -> Vec<InvalidAnnotation> {
    findings(annotations, |verdict| match verdict {
        Verdict::CannotTell(reason) => Some(reason),
        _ => None,
    })
}

fn findings(
    annotations: &BTreeMap<String, String>,
    wanted: impl Fn(Verdict) -> Option<String>,
) -> Vec<InvalidAnnotation> {
    let finding = |(name, value): (&String, &String)| {
        let rule = rule(name)?;
        let reason = wanted((rule.check)(value))?;
        Some(InvalidAnnotation {
            name: name.clone(),
            value: value.clone(),
            reason,
            accepted: rule.accepted,
        })
    };
    annotations.iter().filter_map(finding).collect()
}

/// What istiod says to the value of this annotation; `None` if it does not check annotations of this name.
pub fn verdict(name: &str, value: &str) -> Option<Verdict> {
    rule(name).map(|rule| (rule.check)(value))
}

struct Rule {
    check: fn(&str) -> Verdict,
    accepted: &'static str,
}

const INTERCEPTION: Rule = Rule {
    check: interception,
    accepted: "REDIRECT, TPROXY or NONE",
};
const PORT: Rule = Rule {
    check: port,
    accepted: "a port number from 0 to 65535",
};
const NUMBER: Rule = Rule {
    check: number,
    accepted: "a whole number from 0 to 4294967295, without spaces or a unit",
};
const RANGES_OR_ALL: Rule = Rule {
    check: ranges_or_all,
    accepted: "*, or IP ranges like 10.0.0.0/8 separated by commas, without spaces",
};
const RANGES: Rule = Rule {
    check: ranges,
    accepted: "IP ranges like 10.0.0.0/8 separated by commas, without spaces",
};
const PORTS_OR_ALL: Rule = Rule {
    check: ports_or_all,
    accepted: "*, or port numbers separated by commas",
};
const PORTS: Rule = Rule {
    check: ports,
    accepted: "port numbers separated by commas",
};
const INTERFACES: Rule = Rule {
    check: interfaces,
    accepted: "names of network interfaces separated by commas: at most 15 letters, digits, '_', '.' or '-', a letter first",
};
const BOOLEAN: Rule = Rule {
    check: boolean,
    accepted: "true or false",
};
const PROXY_CONFIG: Rule = Rule {
    check: proxy_config::verdict,
    accepted: "the YAML of a valid ProxyConfig",
};
const QUANTITY: Rule = Rule {
    check: quantity_annotation,
    accepted: "a Kubernetes quantity like 100m, 0.5 or 128Mi",
};

fn rule(name: &str) -> Option<Rule> {
    Some(match name {
        "sidecar.istio.io/interceptionMode" => INTERCEPTION,
        "status.sidecar.istio.io/port" => PORT,
        "readiness.status.sidecar.istio.io/initialDelaySeconds"
        | "readiness.status.sidecar.istio.io/periodSeconds"
        | "readiness.status.sidecar.istio.io/failureThreshold" => NUMBER,
        "traffic.sidecar.istio.io/includeOutboundIPRanges" => RANGES_OR_ALL,
        "traffic.sidecar.istio.io/excludeOutboundIPRanges" => RANGES,
        "traffic.sidecar.istio.io/includeInboundPorts" => PORTS_OR_ALL,
        "traffic.sidecar.istio.io/excludeInboundPorts"
        | "traffic.sidecar.istio.io/excludeOutboundPorts" => PORTS,
        "traffic.sidecar.istio.io/excludeInterfaces"
        | "traffic.sidecar.istio.io/kubevirtInterfaces"
        | "istio.io/reroute-virtual-interfaces" => INTERFACES,
        "prometheus.istio.io/merge-metrics" => BOOLEAN,
        "proxy.istio.io/config" => PROXY_CONFIG,
        "sidecar.istio.io/proxyCPU"
        | "sidecar.istio.io/proxyMemory"
        | "sidecar.istio.io/proxyCPULimit"
        | "sidecar.istio.io/proxyMemoryLimit" => QUANTITY,
        _ => return None,
    })
}

fn unless(problem: Option<String>) -> Verdict {
    problem.map_or(Verdict::Valid, Verdict::Invalid)
}

fn interception(mode: &str) -> Verdict {
    let known = ["REDIRECT", "TPROXY", "NONE"].contains(&mode);
    unless((!known).then(|| format!("{mode:?} is not a mode")))
}

/// `parsePort`: surrounding space is allowed.
fn port(text: &str) -> Verdict {
    let port = golang::parse_uint(text.trim(), u16::MAX.into());
    unless(
        port.is_none()
            .then(|| format!("{text:?} is not a port number")),
    )
}

fn number(text: &str) -> Verdict {
    let number = golang::parse_uint(text, u32::MAX.into());
    unless(
        number
            .is_none()
            .then(|| format!("{text:?} is not a whole number")),
    )
}

fn ranges_or_all(list: &str) -> Verdict {
    if list == "*" {
        Verdict::Valid
    } else {
        ranges(list)
    }
}

fn ranges(list: &str) -> Verdict {
    let wrong = |range: &str| {
        golang::is_prefix(range)
            .err()
            .map(|problem| format!("{range:?} is not an IP range: {problem}"))
    };
    unless(
        (!list.is_empty())
            .then(|| list.split(',').find_map(wrong))
            .flatten(),
    )
}

fn ports_or_all(list: &str) -> Verdict {
    if list == "*" {
        Verdict::Valid
    } else {
        ports(list)
    }
}

/// `parsePorts`: surrounding space is allowed, an empty list too, an empty entry is not.
fn ports(list: &str) -> Verdict {
    let list = list.trim();
    if list.is_empty() {
        Verdict::Valid
    } else {
        list.split(',')
            .map(port)
            .fold(Verdict::Valid, Verdict::worse)
    }
}

/// `ValidateInterfaceNames` of Istio `pkg/util/net/ip.go`.
fn interfaces(list: &str) -> Verdict {
    let wrong = |name: &str| match name.trim() {
        "" => Some("it holds an empty name".to_owned()),
        name if name.len() > 15 => Some(format!("{name:?} is longer than 15 bytes")),
        name => {
            let letter_first = name.starts_with(|first: char| first.is_ascii_alphabetic());
            let sound = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
            (!letter_first || !sound).then(|| format!("{name:?} is not the name of an interface"))
        }
    };
    unless(
        (!list.is_empty())
            .then(|| list.split(',').find_map(wrong))
            .flatten(),
    )
}

fn boolean(text: &str) -> Verdict {
    unless(
        golang::parse_bool(text)
            .is_none()
            .then(|| format!("{text:?} is neither true nor false")),
    )
}

fn quantity_annotation(text: &str) -> Verdict {
    if text.chars().any(char::is_control) {
        return Verdict::Invalid("it contains a control character".to_owned());
    }
    quantity(text)
}

/// Whether Kubernetes takes the text for a quantity.
///
/// The grammar is wider than its documentation: a sign alone is zero, and so is a lone period, before most suffixes.
///
/// Source: `ParseQuantity` of k8s.io/apimachinery `pkg/api/resource/quantity.go` (1.36).
pub fn quantity(text: &str) -> Verdict {
    if text.is_empty() {
        return Verdict::Invalid("it is empty".to_owned());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = unsigned.trim_start_matches('0');
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = number.split_at(digits(number));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let Some(scale) = Scale::parse(suffix) else {
        return Verdict::Invalid(format!("{suffix:?} is not a suffix of a quantity"));
    };
    let has_digits = unsigned.starts_with('0') || !whole.is_empty() || !fraction.is_empty();
    if scale.fits_in_64_bits(whole.len().max(1), fraction.len()) || number.is_empty() {
        return Verdict::Valid;
    }
    match scale {
        _ if !has_digits => Verdict::Invalid("it has no digits".to_owned()),
        Scale::Decimal(exponent) if exponent.unsigned_abs() > 100_000 => {
            Verdict::CannotTell("the exponent is so large that reading it may never end".to_owned())
        }
        _ => Verdict::Valid,
    }
}

/// The suffix of a quantity: a power of ten or of two.
#[derive(Clone, Copy)]
enum Scale {
    Decimal(i32),
    Binary(i32),
}

impl Scale {
    fn parse(suffix: &str) -> Option<Scale> {
        const DECIMAL: [(&str, i32); 10] = [
            ("n", -9),
            ("u", -6),
            ("m", -3),
            ("", 0),
            ("k", 3),
            ("M", 6),
            ("G", 9),
            ("T", 12),
            ("P", 15),
            ("E", 18),
        ];
        const BINARY: [(&str, i32); 6] = [
            ("Ki", 10),
            ("Mi", 20),
            ("Gi", 30),
            ("Ti", 40),
            ("Pi", 50),
            ("Ei", 60),
        ];
        let find = |table: &[(&str, i32)]| {
            table
                .iter()
                .find(|(name, _)| *name == suffix)
                .map(|(_, exponent)| *exponent)
        };
        find(&DECIMAL)
            .map(Scale::Decimal)
            .or_else(|| find(&BINARY).map(Scale::Binary))
            .or_else(|| {
                let exponent = golang::atoi(suffix.strip_prefix(['e', 'E'])?)?;
                // Kubernetes keeps the low 32 bits.
                #[allow(clippy::cast_possible_truncation)]
                Some(Scale::Decimal(exponent as i32))
            })
    }

    /// Whether Kubernetes reads such a number without the arithmetic of big numbers, which reads the text once more.
    fn fits_in_64_bits(self, whole: usize, fraction: usize) -> bool {
        let digits = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        match self {
            Scale::Decimal(exponent) => {
                let scale = i64::from(exponent).saturating_sub(digits(fraction));
                whole.saturating_add(fraction) <= 18 && scale >= -9
            }
            Scale::Binary(exponent) => {
                fraction == 0 && 14 - digits(whole) - i64::from(exponent) * 3 / 10 >= 0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    fn check(name: &str, valid: &[&str], invalid: &[&str]) {
        for value in valid {
            assert_eq!(
                verdict(name, value),
                Some(Verdict::Valid),
                "{name} {value:?}"
            );
        }
        for value in invalid {
            assert!(
                matches!(verdict(name, value), Some(Verdict::Invalid(_))),
                "{name} {value:?}"
            );
        }
    }

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

    #[test]
    fn quantities_are_judged_as_by_kubernetes() {
        for name in [
            "sidecar.istio.io/proxyCPU",
            "sidecar.istio.io/proxyMemory",
            "sidecar.istio.io/proxyCPULimit",
            "sidecar.istio.io/proxyMemoryLimit",
        ] {
            check(
                name,
                &[
                    "0",
                    "1",
                    "100m",
                    "0.5",
                    ".5",
                    "5.",
                    "128Mi",
                    "1.5Gi",
                    "1e3",
                    "1E3",
                    "1E",
                    "1e-3",
                    "1e+3",
                    "-1",
                    "+1",
                    "12345678901234567890",
                    "+",
                    "-",
                    "00",
                    ".",
                    ".Ki",
                    "1Ei",
                    "0.1Ei",
                    "1n",
                    "1e-10",
                    "0.00000000000001",
                    "1e4294967296",
                ],
                &[
                    "", " ", "100 m", "512MB", "1KB", "1K", "1ki", "1e", "1e3m", "one", "1,5",
                    "1_0", "0x1", "1\n", "1m\u{7}", "--1", "1.2.3", ".Pi", ".e-10", "1i", "1mi",
                    "1ee3", "Mi1", "½",
                ],
            );
        }
        assert!(matches!(quantity("1e-2000000"), Verdict::CannotTell(_)));
        assert_eq!(quantity("1e2000000"), Verdict::Valid);
    }

    #[test]
    fn other_annotations_are_not_checked() {
        for name in [
            "traffic.sidecar.istio.io/includeOutboundPorts",
            "sidecar.istio.io/inject",
            "sidecar.istio.io/proxyImage",
            "",
        ] {
            assert_eq!(verdict(name, "\u{0}"), None, "{name}");
        }
    }

    #[test]
    fn findings_name_the_annotation() {
        let annotations = BTreeMap::from([
            ("sidecar.istio.io/proxyCPU".to_owned(), "one".to_owned()),
            (
                "sidecar.istio.io/proxyMemory".to_owned(),
                "1e-2000000".to_owned(),
            ),
            (
                "sidecar.istio.io/interceptionMode".to_owned(),
                "NONE".to_owned(),
            ),
        ]);
        let names = |findings: Vec<InvalidAnnotation>| {
            findings
                .into_iter()
                .map(|found| found.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(invalid_annotations(&annotations)),
            ["sidecar.istio.io/proxyCPU"]
        );
        assert_eq!(
            names(unclear_annotations(&annotations)),
            ["sidecar.istio.io/proxyMemory"]
        );
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC*", tight in "[-+.0-9eEinumkKMGTP:/,* a-f%]{0,20}") {
            for name in ["sidecar.istio.io/interceptionMode", "status.sidecar.istio.io/port",
                "readiness.status.sidecar.istio.io/periodSeconds", "traffic.sidecar.istio.io/includeOutboundIPRanges",
                "traffic.sidecar.istio.io/includeInboundPorts", "traffic.sidecar.istio.io/excludeInterfaces",
                "prometheus.istio.io/merge-metrics", "sidecar.istio.io/proxyCPU"]
            {
                prop_assert!(verdict(name, &value).is_some());
                prop_assert!(verdict(name, &tight).is_some());
            }
        }
    }
}
