//! Whether istiod puts the proxy among the init containers, as one that goes on running.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Node;

use crate::facts::Missing;
use crate::way::Case;
use crate::way::injector::NativeSidecars;
use crate::way::{Istiod, JudgedPod, names};

/// The two decisions that ought to be one.
/// Source: Istio 1.31, `pkg/kube/inject/inject.go` (`RunTemplate`) and
/// `files/injection-template.yaml` of the chart (`$nativeSidecar`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Native {
    /// Where the template puts the proxy: any annotation but `false` means among the init containers.
    pub in_template: bool,
    /// Where istiod puts a proxy that the pod brings itself: it knows `true` and `false` only.
    pub in_pod: bool,
}

/// What follows from where the proxy of a pod goes.
///
/// # Errors
/// [`Missing`] where that cannot be told, and another thing would follow from the other place.
pub(super) fn by_native<T: PartialEq>(
    case: &Case,
    istiod: &Istiod,
    pod: &JudgedPod,
    follows: impl Fn(Native) -> T,
) -> Result<T, Missing> {
    let annotation = pod.annotations.get(names::NATIVE).map(String::as_str);
    let native = |by_istiod| match annotation {
        Some("true") => Native::both(true),
        Some("false") => Native::both(false),
        None | Some("") => Native::both(by_istiod),
        Some(_) => Native {
            in_template: true,
            in_pod: by_istiod,
        },
    };
    let (on, off) = (follows(native(true)), follows(native(false)));
    if on == off {
        return Ok(on);
    }
    by_istiod(case, istiod, pod).map(|is_on| if is_on { on } else { off })
}

impl Native {
    fn both(answer: bool) -> Self {
        Self {
            in_template: answer,
            in_pod: answer,
        }
    }
}

fn by_istiod(case: &Case, istiod: &Istiod, pod: &JudgedPod) -> Result<bool, Missing> {
    let mut answers = BTreeSet::new();
    for native in &istiod.native_sidecars {
        answers.insert(match native {
            NativeSidecars::On => true,
            NativeSidecars::Off => false,
            NativeSidecars::NotVisible => {
                return Err(Missing(
                    "whether sidecars are native is not visible in istiod's pod".to_owned(),
                ));
            }
            NativeSidecars::ByNodesElsewhere => {
                return Err(Missing(
                    "whether istiod knows the nodes of the cluster that the webhook's path names is not visible"
                        .to_owned(),
                ));
            }
            NativeSidecars::ByNodes => {
                let versions = case.nodes()?.iter().map(kubelet_version).collect();
                by_nodes(&versions, pod.spec.node_name.as_deref())
            }
        });
    }
    match (answers.pop_first(), answers.is_empty()) {
        (Some(answer), true) => Ok(answer),
        _ if istiod.version.one().is_none() => Err(istiod.version.missing()),
        _ => Err(Missing(
            "the istiods that answer in turn differ in ENABLE_NATIVE_SIDECARS".to_owned(),
        )),
    }
}

/// The name of a node, and the version of its kubelet.
pub(crate) fn kubelet_version(node: &Node) -> (String, String) {
    let info = node
        .status
        .as_ref()
        .and_then(|status| status.node_info.as_ref());
    let version = info.map(|info| info.kubelet_version.clone());
    let name = node.metadata.name.clone();
    (name.unwrap_or_default(), version.unwrap_or_default())
}

/// Every node has to run a kubelet of 1.33 or later; of a pod that is bound to a node, this one.
/// Source: Istio 1.31, `pkg/kube/inject/webhook.go` (`DetectNativeSidecar`).
fn by_nodes(versions: &BTreeMap<String, String>, node: Option<&str>) -> bool {
    let is_new = |version: &String| kubernetes_minor(version).is_some_and(|minor| minor >= 33);
    match node.and_then(|node| versions.get(node)) {
        Some(version) => is_new(version),
        None => versions.values().all(is_new),
    }
}

/// M of version `v1.M`, whatever follows.
pub(crate) fn kubernetes_minor(version: &str) -> Option<u32> {
    let mut segments = version.trim_start_matches('v').split(['.', '-', '+']);
    segments.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kubelet_has_to_be_new_or_the_pods_own() {
        for (versions, node, expected) in [
            (&[][..], None, true),
            (&["v1.33.0"], None, true),
            (&["v1.36.3", "v1.32.9-eks-1"], None, false),
            (&["v1.36.3", "v1.32.9-eks-1"], Some("0"), true),
            (&["v1.36.3", "v1.32.9-eks-1"], Some("1"), false),
            (&["v1.36.3", "v1.32.9-eks-1"], Some("gone"), false),
            (&["v1.34.1+k3s1"], Some("gone"), true),
            (&["unknown"], None, false),
        ] {
            let numbered = versions.iter().enumerate();
            let map = numbered.map(|(number, version)| (number.to_string(), (*version).to_owned()));
            assert_eq!(
                by_nodes(&map.collect(), node),
                expected,
                "{versions:?} {node:?}"
            );
        }
    }
}
