//! The rules of metrics merging: which scrape ports istiod refuses.

use super::go;
use std::collections::{BTreeMap, BTreeSet};

/// What istiod does with a pod because of its Prometheus annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scraping {
    /// The annotations do not make istiod refuse the pod.
    Accepted,
    /// istiod answers `failed to process pod: <message>`.
    Refused {
        /// The annotation to change, as spelled on the pod.
        annotation: String,
        /// The port in it that is refused, as written.
        port: String,
        /// What follows `failed to process pod: ` in istiod's answer.
        message: String,
    },
    /// Several annotations mean the same to Prometheus and have different values: istiod takes any of them.
    CannotTell {
        /// The annotations, as spelled on the pod.
        annotations: Vec<String>,
    },
}

/// What the mesh configuration says about metrics merging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merging {
    /// `enablePrometheusMerge` of the mesh configuration; unset means enabled.
    pub enabled: Option<bool>,
    /// `defaultConfig.statusPort` of the mesh configuration, 15020 unless changed there.
    ///
    /// What the pod's own `proxy.istio.io/config` says about the port has no influence here.
    pub status_port: i32,
}

impl Default for Merging {
    fn default() -> Merging {
        Merging {
            enabled: None,
            status_port: 15_020,
        }
    }
}

/// The ports that Istio keeps for itself, and what each is for.
///
/// Source: `istioReservedPorts` of Istio `pilot/cmd/pilot-agent/status/server.go` (1.32-dev).
pub const RESERVED_PORTS: [(i64, &str); 9] = [
    (15_000, "Envoy admin"),
    (15_001, "outbound traffic capture"),
    (15_004, "pilot debug"),
    (15_006, "inbound traffic capture"),
    (15_008, "HBONE tunnel"),
    (15_020, "pilot-agent status / merged Prometheus"),
    (15_021, "Envoy health"),
    (15_053, "DNS proxy"),
    (15_090, "Envoy Prometheus (already merged)"),
];

const SCRAPE: &str = "prometheus_io_scrape";
const PORT: &str = "prometheus_io_port";
const TARGETS: &str = "prometheus_istio_io_scrape_targets";
const MERGE: &str = "prometheus.istio.io/merge-metrics";

/// Whether istiod 1.31 or newer refuses a pod with these annotations because of a scrape port. Older ones refuse none.
///
/// The annotations are compared the way Prometheus sees them: `prometheus.io/port`, `prometheus-io/port` and
/// `prometheus_io_port` are the same. A port that is, letter by letter, the status port of the mesh is taken as the
/// trace of an earlier injection, and nothing is checked then.
///
/// Source: `applyPrometheusMerge` of Istio `pkg/kube/inject/webhook.go` and `ParseScrapeTargets` of
/// `pilot/cmd/pilot-agent/status/server.go` (1.32-dev).
pub fn scraping(annotations: &BTreeMap<String, String>, merging: Merging) -> Scraping {
    for name in [SCRAPE, PORT, TARGETS] {
        let spellings = spellings(annotations, name);
        let values: BTreeSet<&str> = spellings.iter().map(|(_, value)| *value).collect();
        if values.len() > 1 {
            return Scraping::CannotTell {
                annotations: spellings.iter().map(|(key, _)| (*key).to_owned()).collect(),
            };
        }
    }
    let merge = annotations
        .get(MERGE)
        .and_then(|value| go::parse_bool(value))
        .or(merging.enabled)
        .unwrap_or(true);
    let scrape = spelled(annotations, SCRAPE)
        .and_then(|(_, value)| go::parse_bool(value))
        .unwrap_or(true);
    let port = spelled(annotations, PORT);
    let injected = port.is_some_and(|(_, port)| port == merging.status_port.to_string());
    if !merge || !scrape || injected {
        return Scraping::Accepted;
    }
    let targets = spelled(annotations, TARGETS)
        .map(|(key, value)| (key, target_ports(value).unwrap_or_default()));
    let refusal = match (targets, port) {
        (Some((key, ports)), _) if !ports.is_empty() => ports
            .into_iter()
            .find_map(|port| TARGET_WORDS.refuse(key, port, merging)),
        (_, Some((key, port))) if !port.is_empty() => PORT_WORDS.refuse(key, port, merging),
        _ => None,
    };
    refusal.unwrap_or(Scraping::Accepted)
}

/// How istiod words the refusal of a port.
struct Words {
    intro: &'static str,
    invalid: &'static str,
    port: &'static str,
}

const TARGET_WORDS: Words = Words {
    intro: "invalid prometheus scrape targets",
    invalid: "invalid target port",
    port: "target port",
};
const PORT_WORDS: Words = Words {
    intro: "invalid prometheus scrape configuration",
    invalid: "invalid port",
    port: "port",
};

impl Words {
    fn refuse(&self, annotation: &str, port: &str, merging: Merging) -> Option<Scraping> {
        let Words {
            intro,
            invalid,
            port: word,
        } = self;
        let message = match go::atoi(port).filter(|number| (1..=65_535).contains(number)) {
            None => format!("{intro}: {invalid} {port:?}"),
            Some(number) if number == i64::from(merging.status_port) => {
                format!("{intro}: {word} {port} conflicts with agent port")
            }
            Some(number) => {
                let (_, reason) = RESERVED_PORTS
                    .iter()
                    .find(|(reserved, _)| *reserved == number)?;
                format!(
                    "{intro}: {word} {port} is reserved for Istio ({reason}) and cannot be scraped"
                )
            }
        };
        Some(Scraping::Refused {
            annotation: annotation.to_owned(),
            port: port.to_owned(),
            message,
        })
    }
}

/// The ports of a list of `port:path`, or `None` if one lacks its port: istiod then ignores the whole list.
fn target_ports(list: &str) -> Option<Vec<&str>> {
    let entries = list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    let ports = entries.map(|entry| entry.split(':').next().unwrap_or(entry).trim());
    ports
        .map(|port| (!port.is_empty()).then_some(port))
        .collect()
}

fn spelled<'a>(
    annotations: &'a BTreeMap<String, String>,
    name: &str,
) -> Option<(&'a str, &'a str)> {
    spellings(annotations, name).into_iter().next()
}

/// The annotations that Prometheus knows by this name.
fn spellings<'a>(annotations: &'a BTreeMap<String, String>, name: &str) -> Vec<(&'a str, &'a str)> {
    let same = |key: &str| key.chars().map(sanitized).eq(name.chars());
    annotations
        .iter()
        .filter(|(key, _)| same(key))
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}

fn sanitized(character: char) -> char {
    if character.is_ascii_alphanumeric() {
        character
    } else {
        '_'
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

    fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn message(pairs: &[(&str, &str)], merging: Merging) -> Option<String> {
        match scraping(&annotations(pairs), merging) {
            Scraping::Accepted => None,
            Scraping::Refused { message, .. } => Some(message),
            Scraping::CannotTell { annotations } => Some(format!("unclear: {annotations:?}")),
        }
    }

    #[test]
    fn ports_are_refused_as_by_istiod() {
        let port = |text: &'static str| vec![("prometheus.io/port", text)];
        let accepted: [Vec<(&str, &str)>; 15] = [
            vec![],
            port("8080"),
            port("08080"),
            port("+8080"),
            port(""),
            port("15020"),
            port("15014"),
            vec![
                ("prometheus.io/port", "http"),
                ("prometheus.io/scrape", "false"),
            ],
            vec![
                ("prometheus.io/port", "http"),
                ("prometheus_io_scrape", "F"),
            ],
            vec![
                ("prometheus.io/port", "http"),
                ("prometheus.istio.io/merge-metrics", "false"),
            ],
            vec![
                ("prometheus.io/port", "http"),
                ("prometheus.istio.io/scrape-targets", "8080"),
            ],
            vec![
                ("prometheus.io/port", "15020"),
                ("prometheus.istio.io/scrape-targets", "15000"),
            ],
            vec![("prometheus.istio.io/scrape-targets", ":/metrics, 15000")],
            vec![(
                "prometheus.istio.io/scrape-targets",
                " 8080 : /metrics ,, 9090",
            )],
            vec![("prometheus.io/path", "15000")],
        ];
        for pairs in accepted {
            assert_eq!(message(&pairs, Merging::default()), None, "{pairs:?}");
        }
        let refused: [(Vec<(&str, &str)>, &str); 10] = [
            (
                port("http"),
                r#"invalid prometheus scrape configuration: invalid port "http""#,
            ),
            (
                port("0"),
                r#"invalid prometheus scrape configuration: invalid port "0""#,
            ),
            (
                port("65536"),
                r#"invalid prometheus scrape configuration: invalid port "65536""#,
            ),
            (
                port(" 8080"),
                r#"invalid prometheus scrape configuration: invalid port " 8080""#,
            ),
            (
                port("015020"),
                "invalid prometheus scrape configuration: port 015020 conflicts with agent port",
            ),
            (
                port("15000"),
                "invalid prometheus scrape configuration: port 15000 is reserved for Istio (Envoy admin) and cannot be scraped",
            ),
            (
                vec![("prometheus-io/port", "http")],
                r#"invalid prometheus scrape configuration: invalid port "http""#,
            ),
            (
                vec![
                    ("prometheus.io/port", "http"),
                    ("prometheus.io/scrape", "maybe"),
                ],
                r#"invalid prometheus scrape configuration: invalid port "http""#,
            ),
            (
                vec![("prometheus.istio.io/scrape-targets", "8080,15090:/x")],
                "invalid prometheus scrape targets: target port 15090 is reserved for Istio (Envoy Prometheus (already merged)) and cannot be scraped",
            ),
            (
                vec![("prometheus.istio.io/scrape-targets", "http:/x")],
                r#"invalid prometheus scrape targets: invalid target port "http""#,
            ),
        ];
        for (pairs, expected) in refused {
            assert_eq!(
                message(&pairs, Merging::default()).as_deref(),
                Some(expected),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn the_mesh_decides_about_the_agent_port_and_merging() {
        let moved = Merging {
            enabled: None,
            status_port: 15_999,
        };
        assert_eq!(message(&[("prometheus.io/port", "15999")], moved), None);
        assert!(
            message(&[("prometheus.io/port", "15020")], moved)
                .unwrap()
                .contains("reserved")
        );
        let off = Merging {
            enabled: Some(false),
            ..Merging::default()
        };
        assert_eq!(message(&[("prometheus.io/port", "http")], off), None);
        assert!(message(&[("prometheus.io/port", "http"), (MERGE, "true")], off).is_some());
        assert!(
            message(
                &[("prometheus.io/port", "http"), (MERGE, "perhaps")],
                Merging::default()
            )
            .is_some()
        );
    }

    #[test]
    fn contradictory_spellings_are_not_guessed() {
        let both = annotations(&[
            ("prometheus.io/port", "http"),
            ("prometheus-io/port", "8080"),
        ]);
        assert!(matches!(
            scraping(&both, Merging::default()),
            Scraping::CannotTell { .. }
        ));
        let same = annotations(&[
            ("prometheus.io/port", "8080"),
            ("prometheus-io/port", "8080"),
        ]);
        assert_eq!(scraping(&same, Merging::default()), Scraping::Accepted);
    }

    proptest! {
        #[test]
        fn never_panics(port in "\\PC*", targets in "\\PC*", status_port: i32) {
            let pairs = annotations(&[("prometheus.io/port", &port), ("prometheus.istio.io/scrape-targets", &targets)]);
            let _ = scraping(&pairs, Merging { enabled: None, status_port });
        }
    }
}
