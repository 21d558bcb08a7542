//! The annotations of a pod that istiod checks before it injects, and refuses the pod for.

#[cfg(test)]
mod fixture;
mod quantity;
mod rule;
mod value;

use crate::rules::credentials::{REDACTED, without_credentials};
use crate::rules::verdict::Verdict;
use rule::rule;
use std::collections::BTreeMap;

pub use quantity::{amount, quantity, sum};

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

impl InvalidAnnotation {
    /// Its value as it may be shown: without what looks like a credential, and nothing of one that holds fields of
    /// pods and proxies.
    pub fn shown(&self) -> String {
        match has_fields(&self.name) {
            true => REDACTED.to_owned(),
            false => without_credentials(&self.value),
        }
    }
}

/// Whether the value of an annotation is YAML or JSON, whose fields may hold anything.
pub fn has_fields(name: &str) -> bool {
    [
        "proxy.istio.io/config",
        "proxy.istio.io/overrides",
        "sidecar.istio.io/userVolume",
        "sidecar.istio.io/userVolumeMount",
    ]
    .contains(&name)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
