//! What somebody probably meant by a value that istiod refuses.

use crate::rules::annotations::verdict;
use crate::rules::verdict::Verdict;
use crate::way::asked::{means_no, means_yes};

/// The value that istiod accepts and that is closest to what is written; none where there is no telling.
pub fn corrected(annotation: &str, value: &str) -> Option<String> {
    let accepted = |candidate: &String| {
        candidate != value
            && !candidate.is_empty()
            && verdict(annotation, candidate) == Some(Verdict::Valid)
    };
    candidates(value).into_iter().find(accepted)
}

fn candidates(value: &str) -> Vec<String> {
    let trimmed = value.trim();
    let dense: String = value.split_whitespace().collect();
    let mut candidates = vec![
        trimmed.to_owned(),
        dense.clone(),
        trimmed.to_uppercase(),
        list(&dense, str::to_owned),
        list(&dense, as_range),
        quantity(&dense),
        dense
            .trim_end_matches(|unit: char| unit.is_ascii_alphabetic())
            .to_owned(),
    ];
    if dense.split(',').any(|item| item == "*") {
        candidates.push("*".to_owned());
    }
    if means_yes(value) {
        candidates.push("true".to_owned());
    }
    if means_no(value) {
        candidates.push("false".to_owned());
    }
    candidates
}

/// A list without its empty items.
fn list(text: &str, item: impl Fn(&str) -> String) -> String {
    let items = text.split(',').filter(|item| !item.is_empty());
    items.map(item).collect::<Vec<_>>().join(",")
}

/// A single address as the range of that address alone.
fn as_range(item: &str) -> String {
    match item.parse() {
        Ok(std::net::IpAddr::V4(address)) => format!("{address}/32"),
        Ok(std::net::IpAddr::V6(address)) => format!("{address}/128"),
        Err(_) => item.to_owned(),
    }
}

/// A quantity with the suffix that Kubernetes knows: `512MB` as `512M`, `1gib` as `1Gi`.
fn quantity(text: &str) -> String {
    let number = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let unit = text
        .get(number.len()..)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let known = ["", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"];
    let suffix = known.into_iter().find(|one| one.eq_ignore_ascii_case(unit));
    format!("{number}{}", suffix.unwrap_or(unit))
}

#[cfg(test)]
mod tests {
    use super::corrected;

    #[test]
    fn what_was_meant_is_found_where_it_can_be() {
        let table = [
            (
                "sidecar.istio.io/interceptionMode",
                "tproxy",
                Some("TPROXY"),
            ),
            ("sidecar.istio.io/interceptionMode", "", None),
            ("sidecar.istio.io/interceptionMode", "iptables", None),
            (
                "readiness.status.sidecar.istio.io/periodSeconds",
                "1s",
                Some("1"),
            ),
            (
                "readiness.status.sidecar.istio.io/periodSeconds",
                " 7",
                Some("7"),
            ),
            (
                "traffic.sidecar.istio.io/includeOutboundIPRanges",
                "10.0.0.0/8, 10.1.0.0/16",
                Some("10.0.0.0/8,10.1.0.0/16"),
            ),
            (
                "traffic.sidecar.istio.io/includeOutboundIPRanges",
                "10.0.0.1",
                Some("10.0.0.1/32"),
            ),
            (
                "traffic.sidecar.istio.io/includeOutboundIPRanges",
                "*,10.0.0.0/8",
                Some("*"),
            ),
            (
                "traffic.sidecar.istio.io/includeOutboundIPRanges",
                "10.0.0.0/8,",
                Some("10.0.0.0/8"),
            ),
            (
                "traffic.sidecar.istio.io/excludeOutboundIPRanges",
                "fd00::1",
                Some("fd00::1/128"),
            ),
            (
                "traffic.sidecar.istio.io/excludeOutboundIPRanges",
                "*",
                None,
            ),
            (
                "traffic.sidecar.istio.io/excludeInboundPorts",
                "80,,443",
                Some("80,443"),
            ),
            ("traffic.sidecar.istio.io/excludeInboundPorts", "http", None),
            ("prometheus.istio.io/merge-metrics", "yes", Some("true")),
            ("prometheus.istio.io/merge-metrics", "off", Some("false")),
            ("sidecar.istio.io/proxyCPU", "100 m", Some("100m")),
            ("sidecar.istio.io/proxyMemory", "512MB", Some("512M")),
            ("sidecar.istio.io/proxyMemory", "1gib", Some("1Gi")),
            ("sidecar.istio.io/proxyMemory", "lots", None),
            ("sidecar.istio.io/logLevel", "a: b", None),
        ];
        for (annotation, value, expected) in table {
            assert_eq!(
                corrected(annotation, value).as_deref(),
                expected,
                "{annotation}={value:?}"
            );
        }
    }
}
