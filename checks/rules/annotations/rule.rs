//! Which rule holds for which annotation.

use super::value::{
    boolean, interception, interfaces, number, port, ports, ports_or_all, ranges, ranges_or_all,
};
use super::{Verdict, quantity};
use crate::rules::proxy_config;

/// What istiod makes of the value of an annotation.
pub(super) struct Rule {
    pub(super) check: fn(&str) -> Verdict,
    /// What would be accepted, in words.
    pub(super) accepted: &'static str,
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
    check: quantity::of_annotation,
    accepted: "a Kubernetes quantity like 100m, 0.5 or 128Mi",
};

/// The rule for an annotation of this name, if istiod checks it.
pub(super) fn rule(name: &str) -> Option<Rule> {
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

#[cfg(test)]
mod tests {
    use super::super::verdict;

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
}
